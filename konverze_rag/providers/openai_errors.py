"""The seam where the OpenAI SDK's exceptions become ours."""

from __future__ import annotations

import math
import re
import time
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import httpx2
import openai

from konverze_core.errors import ProviderError, ProviderRejectedError, ProviderUnavailableError, RateLimitedError

if TYPE_CHECKING:
    from collections.abc import Generator

DEFAULT_RETRY_AFTER_S: Final = 0.5
_OUT_OF_QUOTA: Final = "insufficient_quota"
_RATE_LIMITED: Final = "rate_limit_exceeded"
_CODE: Final = re.compile(r"[a-z_]{1,64}")
_RETRYABLE_STATUS: Final = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT, HTTPStatus.TOO_EARLY})

# Exceptions without an HTTP status; a test holds this to what the SDK defines.
UNAVAILABLE: Final[frozenset[type[Exception]]] = frozenset(
    {
        openai.OpenAIError,
        openai.APIError,
        openai.APIConnectionError,
        openai.APITimeoutError,
        openai.APIResponseValidationError,
        openai.LengthFinishReasonError,
        openai.WebSocketConnectionClosedError,
        openai.WebSocketQueueFullError,
    }
)
REJECTED: Final[frozenset[type[Exception]]] = frozenset({openai.ContentFilterFinishReasonError})

_REFUSING_CODES: Final = frozenset(
    {
        "bio_policy",
        "content_filter",
        "data_residency_mismatch",
        "invalid_prompt",
        "misalignment_policy_violation",
    }
)

# What the SDK lets out when a server's JSON or SSE is not what the API describes.
_MALFORMED: Final = (ValueError, TypeError, AttributeError, LookupError)


@contextmanager
def translated() -> Generator[None]:
    """Turns whatever a call into the SDK raises into one of ours.

    Raises:
        ProviderRejectedError: 400, 401, 403, 404, 422, and other refusals.
        ProviderUnavailableError: 408, 409, 5xx, not reached, timed out, cut short, or malformed.
        RateLimitedError: 429, or 503 with `Retry-After`.
    """
    try:
        yield
    except openai.OpenAIError as exc:
        error = translate(exc)
    except (httpx2.HTTPError, httpx2.StreamError, httpx2.InvalidURL) as exc:
        error = ProviderUnavailableError(f"the connection failed: {type(exc).__name__}")
    except _MALFORMED as exc:
        error = ProviderUnavailableError(f"the service sent a malformed response: {type(exc).__name__}")
    else:
        return
    # Not chained: the SDK's message repeats the server's, which can quote the prompt or the key, and a logged traceback
    # prints every cause. All that helps a reader is in our message.
    try:
        raise error from None
    finally:
        error.__context__ = None  # which some collectors of errors read all the same


def translate(exc: openai.OpenAIError) -> ProviderError:
    """The error of ours for one of the SDK's."""
    if isinstance(exc, openai.APIStatusError):
        return _of_status(exc)
    if (code := _code(exc)) is not None:
        return failure_of_code(code)
    message = f"the service failed: {_describe(exc)}"
    return ProviderRejectedError(message) if type(exc) in REJECTED else ProviderUnavailableError(message)


def failure_of_code(code: object) -> ProviderError:
    """The error for a failure that a stream reports in an event, by the event's error code."""
    shown = code if isinstance(code, str) and _CODE.fullmatch(code) else "unknown"
    if shown == _RATE_LIMITED:
        return RateLimitedError(f"rate limited: {shown}", retry_after_s=DEFAULT_RETRY_AFTER_S)
    if shown in _REFUSING_CODES:
        return ProviderRejectedError(f"the service refused to answer: {shown}")
    return ProviderUnavailableError(f"the service gave up on the answer: {shown}")


def _of_status(exc: openai.APIStatusError) -> ProviderError:
    status = exc.status_code
    described = _describe(exc)
    asked_s = _retry_after_s(exc.response.headers)
    if _code(exc) == _OUT_OF_QUOTA:
        return ProviderRejectedError(f"the account is out of quota: {described}")
    if status == HTTPStatus.TOO_MANY_REQUESTS or (status == HTTPStatus.SERVICE_UNAVAILABLE and asked_s is not None):
        back_off_s = DEFAULT_RETRY_AFTER_S if asked_s is None else asked_s
        return RateLimitedError(f"rate limited: {described}", retry_after_s=back_off_s)
    if status in _RETRYABLE_STATUS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return ProviderUnavailableError(f"the service failed: {described}")
    if status == HTTPStatus.NOT_FOUND:
        described += "; check the model name and base_url, and whether the server has the API that was chosen"
    return ProviderRejectedError(f"the service refused the request: {described}")


def _describe(exc: openai.OpenAIError) -> str:
    parts = [type(exc).__name__]
    if isinstance(exc, openai.APIStatusError):
        parts.append(f"status {exc.status_code}")
    if isinstance(exc, openai.APIConnectionError) and exc.__cause__ is not None:
        parts.append(str(exc.__cause__))
    if code := _code(exc):
        parts.append(f"code {code}")
    return ", ".join(parts)


def _code(exc: openai.OpenAIError) -> str | None:
    code = exc.code if isinstance(exc, openai.APIError) else None
    # The server chooses it, so only what looks like a code is repeated.
    return code if code is not None and _CODE.fullmatch(code) else None


def _retry_after_s(headers: httpx2.Headers) -> float | None:
    """Seconds of `Retry-After` (RFC 9110, 10.2.3: a number or a date), or of OpenAI's `retry-after-ms`."""
    value = headers.get("retry-after", "")
    try:
        if "retry-after-ms" in headers:
            seconds = float(headers["retry-after-ms"]) / 1000
        elif value[:1].isdigit():
            seconds = float(value)
        else:
            seconds = parsedate_to_datetime(value).timestamp() - time.time()
    except (ValueError, TypeError, OverflowError):
        return None
    return max(0.0, seconds) if math.isfinite(seconds) else None
