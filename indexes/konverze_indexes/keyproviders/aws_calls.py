"""Calls of AWS KMS: in bounded time, unlogged, every error translated at one seam."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
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
from konverze_indexes.keyproviders.remote import (
    CALLS_MAX,
    WAITS_PER_CALL,
    BoundedCalls,
    CallFilter,
    checked_ca_file,
    checked_url,
)

try:
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, ParamValidationError
except ImportError as exc:
    raise MissingExtraError("AWS KMS needs its client library: pip install 'konverze-rag[aws]'") from exc

if TYPE_CHECKING:
    from types_boto3_kms import KMSClient
    from types_boto3_kms.type_defs import KeyMetadataTypeDef

T = TypeVar("T")

_INVALID_STATE = "KMSInvalidStateException"
_NOT_FOUND = "NotFoundException"
_INTEGRITY = frozenset({"InvalidCiphertextException", "IncorrectKeyException", "KMSInvalidMacException"})
_DENIED = frozenset({
    "AccessDeniedException", "DisabledException", "ExpiredTokenException", "IncompleteSignature",
    "InvalidClientTokenId", "InvalidSignatureException", "LimitExceededException",
    "MissingAuthenticationTokenException", "NotAuthorized", "OptInRequired", "UnrecognizedClientException",
})  # fmt: skip
_CONFIG = frozenset({
    "InvalidAliasNameException", "InvalidArnException", "InvalidKeyUsageException", "UnsupportedOperationException",
    "ValidationException",
})  # fmt: skip
_DENIED_STATUS = frozenset({401, 403})
_FAILED_STATUS = 500
_TOO_MANY_STATUS = 429
_SDK_LOGGERS = ("boto3", "botocore", "urllib3")
_UNLOGGED = CallFilter()


class KmsCalls:
    """Makes a provider's verbs; safe to share between threads.

    Args:
        region: Region of the keys.
        session: Gives the credentials.
        endpoint_url: An address of the service other than the region's own.
        ca_file: PEM file of the authorities that are trusted instead of the public ones.
        timeout_s: Time for a verb, retries included.

    Raises:
        ConfigError: The address, the file, the region or the time is no legal one.
    """

    def __init__(
        self,
        region: str,
        session: boto3.Session | None,
        *,
        endpoint_url: str | None,
        ca_file: Path | None,
        timeout_s: float,
    ) -> None:
        self._bounded = BoundedCalls("AWS KMS", timeout_s)
        is_plain = endpoint_url is not None and urlsplit(checked_url(endpoint_url)).scheme == "http"
        config = Config(
            connect_timeout=timeout_s / WAITS_PER_CALL,
            read_timeout=timeout_s / WAITS_PER_CALL,
            retries={"total_max_attempts": 1, "mode": "standard"},
            max_pool_connections=CALLS_MAX,
            ignore_configured_endpoint_urls=True,  # pyright: ignore[reportCallIssue] (the stubs do not know it)
            **({"proxies": {}} if is_plain else {}),  # plain text stays on this machine
        )
        try:
            self.client: KMSClient = (session or boto3.Session()).client(  # pyright: ignore[reportUnknownMemberType] (of other services)
                "kms",
                region_name=region,
                endpoint_url=endpoint_url,
                verify=True if ca_file is None else checked_ca_file(ca_file),
                config=config,
            )
        except (BotoCoreError, ValueError) as exc:
            raise ConfigError(f"no client of AWS KMS can be made: {type(exc).__name__}") from exc
        _unlog()

    def make(self, verb: Callable[[KMSClient], T], *, repeatable: bool = True) -> T:
        """The verb's result; a verb that found the service unavailable is tried again while there is time.

        Raises:
            ConfigError: The service takes the request for malformed, or the key is of another kind.
            IntegrityError: A ciphertext or a MAC was not made by the key.
            KeyAccessDeniedError: The key is disabled or forbidden.
            KeyDestroyedError: The key is pending deletion, gone, or was never made.
            KeyUnavailableError: The service cannot be reached in time.
        """
        return self._bounded.make(lambda: self._attempt(verb), repeatable=repeatable)

    def describe(self, key: str) -> KeyMetadataTypeDef | None:
        """What the service knows of a key, by id, ARN or alias; None when there is none. Call it inside a verb."""
        answer = unless(_NOT_FOUND, lambda: self.client.describe_key(KeyId=key))
        return None if answer is None else answer["KeyMetadata"]

    @contextmanager
    def using(self, key: str) -> Generator[None]:
        """Tells a destroyed key from one in another state that forbids its use. Use it inside a verb.

        Raises:
            KeyAccessDeniedError: The key is disabled.
            KeyDestroyedError: The key is pending deletion, or gone.
            KeyUnavailableError: The key is in another state.
        """
        try:
            yield
        except ClientError as exc:
            if _code(exc) != _INVALID_STATE:
                raise
            raise self._state_error(key) from None  # AWS names the caller

    def _state_error(self, key: str) -> KonverzeError:
        try:
            check_state(self.describe(key))
        except KonverzeError as error:
            return error
        return KeyUnavailableError("the KMS key could not be used a moment ago")

    def _attempt(self, verb: Callable[[KMSClient], T]) -> T:
        try:
            return verb(self.client)
        except KonverzeError:
            raise
        except ClientError as exc:
            raise _refusal(exc) from None  # AWS names the caller, and so perhaps a person
        except ParamValidationError:
            raise ConfigError("AWS KMS takes no such request") from None  # it quotes the payload
        except NoCredentialsError:
            raise KeyAccessDeniedError("there are no credentials for AWS KMS") from None
        except BotoCoreError as exc:
            raise KeyUnavailableError(f"AWS KMS cannot be reached or understood: {type(exc).__name__}") from None
        except (KeyError, TypeError, ValueError) as exc:
            raise KeyUnavailableError(f"the answer of AWS KMS is not understood: {type(exc).__name__}") from None


def unless(code: str, call: Callable[[], T]) -> T | None:
    """The call's result; None when the service answers with the error of that name."""
    try:
        return call()
    except ClientError as exc:
        if _code(exc) != code:
            raise
        return None


def check_state(found: KeyMetadataTypeDef | None) -> None:
    """Passes a key that can be used.

    Raises:
        KeyAccessDeniedError: The key is disabled.
        KeyDestroyedError: The key is pending deletion, or gone.
        KeyUnavailableError: The key is in another state, such as that of a key store that is disconnected.
    """
    match None if found is None else found.get("KeyState"):
        case None | "PendingDeletion" | "PendingReplicaDeletion":
            raise KeyDestroyedError("the KMS key is gone, or pending deletion")
        case "Disabled":
            raise KeyAccessDeniedError("the KMS key is disabled")
        case "Enabled":
            pass
        case state:
            raise KeyUnavailableError(f"the KMS key cannot be used now: its state is {state}")


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _refusal(error: ClientError) -> KonverzeError:
    code = _code(error)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if status >= _FAILED_STATUS or status == _TOO_MANY_STATUS:
        return KeyUnavailableError(f"AWS KMS does not answer as asked: status {status}")
    if code == _NOT_FOUND:
        return KeyDestroyedError("the KMS key is gone, or was never made")
    if code in _INTEGRITY:
        return IntegrityError("a ciphertext or a MAC was not made by this key, for this context")
    if code in _DENIED or status in _DENIED_STATUS:
        return KeyAccessDeniedError(f"AWS KMS refuses: {code[:80]}")
    if code in _CONFIG:
        return ConfigError(f"AWS KMS takes the request for malformed: {code}")
    return KeyUnavailableError(f"AWS KMS does not answer as asked: {code[:80]}")


def _unlog() -> None:
    """At DEBUG the client library writes out bodies and headers, and so data keys, session tokens and credentials."""
    for name in list(logging.root.manager.loggerDict):
        if name.partition(".")[0] in _SDK_LOGGERS:
            logging.getLogger(name).addFilter(_UNLOGGED)
