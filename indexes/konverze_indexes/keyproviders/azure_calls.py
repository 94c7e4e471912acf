"""Calls of Azure Key Vault: paced, in bounded time, every error translated at one seam."""

from __future__ import annotations

import itertools
import math
import random
import re
import ssl
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

from konverze_core.errors import (
    ConfigError,
    IntegrityError,
    KeyAccessDeniedError,
    KeyDestroyedError,
    KeyUnavailableError,
    KonverzeError,
    MissingExtraError,
)
from konverze_indexes.keyproviders.pacing import OperationBudget
from konverze_indexes.keyproviders.remote import WAITS_PER_CALL, BoundedCalls

try:
    from azure.core.credentials import TokenCredential
    from azure.core.exceptions import ClientAuthenticationError, DecodeError, HttpResponseError
    from azure.core.pipeline.transport import RequestsTransport
    from azure.core.rest import HttpRequest
    from azure.keyvault.keys import KeyClient
except ImportError as exc:
    raise MissingExtraError("Azure Key Vault needs its client library: pip install 'konverze-rag[azure]'") from exc

T = TypeVar("T")

TRIES_MAX = 4
"""Tries of an operation that fails in a way that may pass."""

FIRST_PAUSE_S = 0.1
"""Longest pause before the second try; doubles with each."""

FIRST_HOLD_S = 0.5
"""Silence after the first answer 429 that does not say for how long; doubles with each."""

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_DELETED_CODES = frozenset({"ObjectIsDeletedButRecoverable", "ObjectIsBeingDeleted"})
_CODE = re.compile(r"[A-Za-z]{1,64}", re.ASCII)
_BASE64URL = re.compile(r"[A-Za-z0-9_-]*", re.ASCII)
_TOO_MANY, _NOT_FOUND, _CONFLICT, _BAD_REQUEST = 429, 404, 409, 400
_DENIED = frozenset({401, 403})
_CLIENT_ERRORS = range(400, 500)


class VaultSession:
    """Does operations of one verb before its deadline.

    Args:
        client: The client library's.
        budget: Shared with all sessions of the provider.
        deadline_s: On the scale of `time.monotonic`.
    """

    def __init__(self, client: KeyClient, budget: OperationBudget, deadline_s: float) -> None:
        self._client = client
        self._budget = budget
        self._deadline_s = deadline_s

    def do(self, operation: Callable[[KeyClient], T]) -> T:
        """The operation's result, tried again where that can help.

        After an answer 429 all threads of the provider are silent for as long as it says; other failures that may pass
        are tried `TRIES_MAX` times (Brooker, 2015, "Exponential Backoff And Jitter").

        Raises:
            ConfigError: The vault takes the request for malformed.
            KeyAccessDeniedError: The key is disabled, or the identity may not use it.
            KeyDestroyedError: The key is deleted or purged, or was never made.
            KeyUnavailableError: Not reached, not answered in time, or not answered in a way that is understood.
        """
        for tries in itertools.count(1):
            self._budget.wait(self._deadline_s)
            try:
                return operation(self._client)
            except Exception as error:  # noqa: BLE001 (the seam: whatever a client library or a credential raises)
                if isinstance(error, HttpResponseError) and error.status_code == _TOO_MANY:
                    self._budget.hold(_retry_after_s(error, tries))
                    continue
                ours = _translated(error)
                pause_s = FIRST_PAUSE_S * 2 ** (tries - 1) * random.uniform(0.5, 1)  # noqa: S311 (no secret)
                if not isinstance(ours, KeyUnavailableError) or tries >= TRIES_MAX or not self.pause(pause_s):
                    raise ours from _cause(error)
        raise AssertionError  # itertools.count never ends

    def use(self, key: str, operation: str, *, algorithm: str, value: bytes) -> bytes:
        """What a cryptographic operation of the service makes of `value`; no key material is ever on this side.

        The client library's `CryptographyClient` is not used: it fetches the key before it asks the service, and for
        keys whose material it was not given it makes some up and works with that.

        Args:
            key: Name of the key, and `/` and a version where it matters.
            operation: `unwrapkey` or `sign`.
            algorithm: Name by the service.
            value: What to work on.

        Raises:
            IntegrityError: The vault refuses the value.
            KeyProviderError: As `do`.
        """
        body = {"alg": algorithm, "value": urlsafe_b64encode(value).rstrip(b"=").decode()}

        def operate(client: KeyClient) -> bytes:
            response = client.send_request(HttpRequest("POST", f"/keys/{key}/{operation}", json=body))
            if response.status_code == _BAD_REQUEST:
                raise IntegrityError("the vault refuses a wrapped key: it was not made by this key, or was changed")
            response.raise_for_status()
            return _decoded(response.json()["value"])

        return self.do(operate)

    def pause(self, pause_s: float) -> bool:
        """Sleeps, unless the deadline is nearer than that; whether it slept."""
        if has_time := time.monotonic() + pause_s < self._deadline_s:
            time.sleep(pause_s)
        return has_time


class VaultCalls:
    """Makes a provider's verbs; safe to share between threads.

    Args:
        vault_url: `https://` and a host.
        credential: Gives tokens.
        ca_file: PEM file of the authorities that are trusted instead of the public ones.
        timeout_s: Time for a verb: tokens, retries and waiting for a turn included.
        max_operations_per_s: What the vault allows.

    Raises:
        ConfigError: The URL is none of a vault, the file holds no certificates, or a number is not positive.
    """

    def __init__(
        self,
        vault_url: str,
        credential: TokenCredential,
        *,
        ca_file: Path | None,
        timeout_s: float,
        max_operations_per_s: float,
    ) -> None:
        self.vault_url = _checked_vault_url(vault_url)
        self._timeout_s = timeout_s
        self._bounded = BoundedCalls("the key vault", timeout_s)
        self._budget = OperationBudget(max_operations_per_s)
        transport = RequestsTransport(
            connection_verify=True if ca_file is None else _checked_ca_file(ca_file),
            connection_timeout=timeout_s / WAITS_PER_CALL,
            read_timeout=timeout_s / WAITS_PER_CALL,
            use_env_settings=False,  # neither proxies nor passwords of .netrc
        )
        transport.open()  # here, because threads that open it at once would leave connections open
        self._client = KeyClient(
            self.vault_url,
            credential,
            transport=transport,
            # The check ties tokens to vaults of the public clouds; on this machine there is none.
            verify_challenge_resource=urlsplit(self.vault_url).hostname not in _LOOPBACK,
            retry_total=0,
            permit_redirects=False,
            logging_enable=False,  # it would log unwrapped keys and tokens
        )

    def make(self, verb: Callable[[VaultSession], T]) -> T:
        """The verb's result, in time.

        Raises:
            KeyUnavailableError: No result in time.
            KonverzeError: What the verb raises.
        """
        session = VaultSession(self._client, self._budget, time.monotonic() + self._timeout_s)
        return self._bounded.make(lambda: verb(session), repeatable=False)

    def close(self) -> None:
        """Closes all connections."""
        self._client.close()


def _translated(error: Exception) -> KonverzeError:
    """The seam: the error of ours for one of the client library or of the credential."""
    if isinstance(error, KonverzeError):
        return error
    # A credential's own error has no answer of a service when it could not reach one.
    status = getattr(getattr(error, "response", None), "status_code", None)
    if isinstance(error, DecodeError) or not isinstance(status, int):
        return KeyUnavailableError(f"the key vault cannot be reached or understood: {type(error).__name__}")
    code, inner = _codes(error)
    said = f"status {status} {code} {inner}".rstrip()
    if status in _DENIED or (isinstance(error, ClientAuthenticationError) and status in _CLIENT_ERRORS):
        return KeyAccessDeniedError(f"the key vault refuses this identity or this key: {said}")
    # Another 404, such as a proxy's, does not say that a key is gone.
    if (status == _NOT_FOUND and code.endswith("NotFound")) or (status == _CONFLICT and inner in _DELETED_CODES):
        return KeyDestroyedError(f"the key is deleted, purged, or was never made: {said}")
    if status == _BAD_REQUEST:
        return ConfigError(f"the key vault takes the request for malformed: {said}")
    return KeyUnavailableError(f"the key vault does not answer as asked: {said}")


def _cause(error: Exception) -> BaseException | None:
    """The error itself, unless it is ours, or may quote what a credential was given."""
    if isinstance(error, KonverzeError):
        return error.__cause__
    return error if isinstance(error, HttpResponseError) and not isinstance(error, ClientAuthenticationError) else None


def _codes(error: Exception) -> tuple[str, str]:
    """The service's error code and the one inside, empty when there is none."""
    details: Any = getattr(error, "error", None)
    inner = cast("dict[str, Any]", getattr(details, "innererror", None) or {})
    return _word(getattr(details, "code", None)), _word(inner.get("code"))


def _word(text: object) -> str:
    return text if isinstance(text, str) and _CODE.fullmatch(text) else ""


def _retry_after_s(error: HttpResponseError, tries: int) -> float:
    """Seconds of silence that the service asks for, or our own idea of it; dates are not read."""
    headers = cast("Mapping[str, str]", getattr(error.response, "headers", {}))
    try:
        asked_s = float(headers.get("Retry-After", "nan"))
    except ValueError:
        asked_s = math.nan
    return asked_s if math.isfinite(asked_s) else FIRST_HOLD_S * 2 ** min(tries - 1, 10)


def _decoded(text: object) -> bytes:
    if not isinstance(text, str) or not _BASE64URL.fullmatch(text) or len(text) % 4 == 1:
        raise KeyUnavailableError("the key vault's answer is not understood")
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _checked_vault_url(vault_url: str) -> str:
    try:
        parts = urlsplit(vault_url)
        port, host = parts.port, parts.hostname
    except ValueError:
        raise ConfigError("the address of a key vault is no URL") from None
    if parts.scheme != "https":
        raise ConfigError("a key vault is called over https alone")
    if not host or parts.username is not None or parts.path.strip("/") or parts.query or parts.fragment:
        raise ConfigError("the address of a key vault is https:// and a host alone")
    shown = f"[{host}]" if ":" in host else host
    return f"https://{shown}" if port in {None, 443} else f"https://{shown}:{port}"


def _checked_ca_file(ca_file: Path) -> str:
    try:
        ssl.create_default_context(cafile=ca_file)
    except OSError as exc:  # an SSLError, too
        raise ConfigError(f"{ca_file} holds no certificates of authorities: {type(exc).__name__}") from exc
    return str(ca_file)
