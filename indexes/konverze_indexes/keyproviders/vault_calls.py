"""Calls of the transit engine of Vault or OpenBao: in bounded time, every error translated at one seam."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias, TypeVar, cast

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
    checked_ca_file,
    checked_url,
)

try:
    import hvac
    import requests
    from hvac import exceptions
    from requests.adapters import HTTPAdapter
except ImportError as exc:
    raise MissingExtraError("Vault transit needs its client library: pip install 'konverze-rag[vault]'") from exc

T = TypeVar("T")
Transit: TypeAlias = Any  # hvac's class, whose methods have no types
Refused: TypeAlias = type[ConfigError] | type[IntegrityError]

_GONE = ("not found", "no existing key", "unknown key type", "soft deleted", "soft-deleted")
_RETIRED = "too old"


class TransitCalls:
    """Makes a provider's verbs; safe to share between threads.

    Args:
        url: Address of the server.
        token: Gives the token for each call.
        namespace: Namespace of the mount, where the server has them.
        ca_file: PEM file of the authorities that are trusted instead of the public ones.
        timeout_s: Time for a verb: the token and retries included.

    Raises:
        ConfigError: The address, the file or the time is no legal one.
    """

    def __init__(
        self, url: str, token: Callable[[], str], *, namespace: str | None, ca_file: Path | None, timeout_s: float
    ) -> None:
        self._bounded = BoundedCalls("Vault", timeout_s)
        self._url = checked_url(url)
        self._token = token
        self._namespace = namespace
        self._wait_s = timeout_s / WAITS_PER_CALL
        self._session = requests.Session()
        self._session.trust_env = False  # neither proxies nor passwords of .netrc
        self._session.verify = True if ca_file is None else checked_ca_file(ca_file)
        self._session.mount("https://", _Adapter(pool_connections=1, pool_maxsize=CALLS_MAX))

    def make(self, verb: Callable[[Transit], T], *, refused: Refused, repeatable: bool = True) -> T:
        """The verb's result; a verb that found the service unavailable is tried again while there is time.

        Args:
            verb: What to do with the client library's transit engine.
            refused: The error when the engine refuses the request itself.
            repeatable: Whether doing it twice does no harm.

        Raises:
            ConfigError: Or `IntegrityError`, as `refused` says.
            KeyAccessDeniedError: The token may not use the key, or the key's version is retired.
            KeyDestroyedError: The key is gone, or was never made.
            KeyUnavailableError: The service cannot be reached in time, or is sealed.
        """
        return self._bounded.make(lambda: self._attempt(verb, refused), repeatable=repeatable)

    def close(self) -> None:
        """Closes all connections."""
        self._session.close()

    def _attempt(self, verb: Callable[[Transit], T], refused: Refused) -> T:
        try:
            return verb(self._transit())
        except KonverzeError:
            raise
        except exceptions.VaultError as exc:
            raise _refusal(exc, refused) from None  # it holds the answer
        except requests.RequestException as exc:
            raise KeyUnavailableError(f"Vault cannot be reached or understood: {type(exc).__name__}") from None
        except (TypeError, ValueError) as exc:
            raise KeyUnavailableError(f"Vault's answer is not understood: {type(exc).__name__}") from None

    def _transit(self) -> Transit:
        client = hvac.Client(
            url=self._url,
            token=self._fresh_token(),
            session=self._session,
            timeout=self._wait_s,  # pyright: ignore[reportArgumentType] (seconds need not be whole)
            namespace=self._namespace,
            allow_redirects=False,  # the token goes to no other server
        )
        return client.secrets.transit

    def _fresh_token(self) -> str:
        try:
            return self._token()
        except Exception as exc:  # noqa: BLE001 (the caller's function may raise anything, and quote the token)
            raise KeyUnavailableError(f"there is no token for Vault: {type(exc).__name__}") from None


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        context = ssl.create_default_context()
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        super().init_poolmanager(*args, ssl_context=context, **kwargs)


def unless_gone(call: Callable[[], T]) -> T | None:
    """The call's result; None when the engine answers that there is no such key."""
    try:
        return call()
    except exceptions.VaultError as exc:
        if not _is_gone(exc):
            raise
        return None


def field(answer: object, name: str) -> Any:
    """A field of an answer's `data`.

    Raises:
        KeyUnavailableError: The answer has no such field.
    """
    data: object = cast("Mapping[str, object]", answer).get("data") if isinstance(answer, Mapping) else None
    if not isinstance(data, Mapping) or name not in data:
        raise KeyUnavailableError("Vault's answer is not understood")
    return cast("Mapping[str, Any]", data)[name]


def _refusal(error: exceptions.VaultError, refused: Refused) -> KonverzeError:
    match error:
        case _ if _is_gone(error):
            return KeyDestroyedError("the transit key is gone, or was never made")
        case exceptions.Forbidden() | exceptions.Unauthorized():
            return KeyAccessDeniedError("Vault lets this token not use the key")
        case exceptions.InvalidRequest() if _RETIRED in _said(error):
            return KeyAccessDeniedError("Vault has retired this version of the key")
        case exceptions.InvalidRequest():
            return refused("Vault refuses what was sent: it does not fit the key, or the context")
        case exceptions.InvalidPath():
            return KeyUnavailableError("Vault has no transit engine there")
        case _:
            return KeyUnavailableError(f"Vault does not answer as asked: {type(error).__name__}")


def _is_gone(error: exceptions.VaultError) -> bool:
    # Not every 404 says that a key is gone, such as a proxy's or that of a mount which is not there.
    body: object = error.json
    if isinstance(error, exceptions.InvalidPath):
        return isinstance(body, dict) and not cast("dict[str, object]", body).get("errors", True)
    return isinstance(error, exceptions.InvalidRequest) and any(said in _said(error) for said in _GONE)


def _said(error: exceptions.VaultError) -> str:
    return str(error.args[0] if error.args else "")
