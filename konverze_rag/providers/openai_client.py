"""One configured connection to OpenAI or a server that speaks its protocol."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import httpx2
import openai

from konverze_core.addresses import is_loopback
from konverze_core.errors import ConfigError
from konverze_rag.providers.deadline import DeadlineTransport
from konverze_rag.providers.openai_errors import translated

if TYPE_CHECKING:
    from collections.abc import Generator

OPENAI_URL: Final = "https://api.openai.com/v1"
_PORT_MAX: Final = 65535


class _Client(openai.OpenAI):
    """The SDK's client, deaf to the environment.

    `OPENAI_CUSTOM_HEADERS` would join and replace the headers below, `OPENAI_ORG_ID` and `OPENAI_PROJECT_ID` would be
    sent to any server. An empty argument stops the SDK from looking for a variable; for the custom headers there is no
    argument. `OPENAI_LOG` is read when the SDK is imported: it turns on a log that holds no text, key or address.
    """

    def __init__(self, *, api_key: str, base_url: str, http: httpx2.Client) -> None:
        super().__init__(
            api_key=api_key,
            base_url=base_url,
            admin_api_key="",
            organization="",
            project="",
            webhook_secret="",
            max_retries=0,
            http_client=http,
        )

    @property
    def default_headers(self) -> dict[str, str | openai.Omit]:
        """All that is sent with every request, beside the key."""
        return {"Accept": "application/json", "Content-Type": "application/json", "User-Agent": self.user_agent}


class OpenAIConnection:
    """The SDK's client with our transport; it retries nothing and follows no redirect, which could lead off https.

    Nothing of the environment is used: neither keys and headers nor URL and proxy.

    Args:
        api_key: The secret; kept out of every message.
        base_url: Root of the API; None for OpenAI's own.
        connect_timeout_s: Longest wait for a connection.
        read_timeout_s: Longest silence of the server.
        proxy_url: HTTP proxy to go through.

    Raises:
        ConfigError: The key cannot be a key, or the URL is no URL, holds a password, or is neither https nor loopback.
    """

    def __init__(
        self,
        *,
        api_key: str,
        base_url: str | None,
        connect_timeout_s: float,
        read_timeout_s: float,
        proxy_url: str | None,
    ) -> None:
        if not api_key or not api_key.isascii() or not api_key.isprintable() or " " in api_key:
            raise ConfigError("api_key is empty or holds characters that no key has")
        url = checked_base_url(base_url or OPENAI_URL)
        self.hosts = (httpx2.URL(url).host,)
        self._connect_timeout_s = connect_timeout_s
        self._read_timeout_s = read_timeout_s
        self._transport = DeadlineTransport(proxy_url=proxy_url)
        http = httpx2.Client(transport=self._transport, follow_redirects=False, trust_env=False)
        self.sdk = _Client(api_key=api_key, base_url=url, http=http)

    def timeout(self, deadline_s: float) -> httpx2.Timeout:
        """Timeouts of a request that starts now."""
        remaining_s = max(0.001, deadline_s - time.monotonic())
        connect_s = min(self._connect_timeout_s, remaining_s)
        read_s = min(self._read_timeout_s, remaining_s)
        return httpx2.Timeout(connect=connect_s, read=read_s, write=read_s, pool=connect_s)

    @contextmanager
    def until(self, deadline_s: float) -> Generator[None]:
        """A call into the SDK that ends by `deadline_s` and raises only our errors.

        Raises:
            ProviderError: The call failed.
        """
        with translated(), self._transport.until(deadline_s):
            yield

    def close(self) -> None:
        """Closes all connections."""
        self.sdk.close()


def checked_base_url(url: str) -> str:
    """The URL, if what is sent there stays private: https, or http to this machine.

    Raises:
        ConfigError: It cannot be parsed, has another scheme, no host, or a user name or password inside.
    """
    try:
        parts = httpx2.URL(url)  # what the client parses it with: two parsers may differ about the host
    except httpx2.InvalidURL:
        parts = None
    if parts is None or (parts.port or 0) > _PORT_MAX:  # not from InvalidURL, which quotes what may be a password
        raise ConfigError("base_url is not a URL")
    if not parts.host or parts.userinfo:
        raise ConfigError("base_url needs a host, and must hold no user name or password")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.host)):
        raise ConfigError(f"base_url must be https, or http to a loopback address: {parts.scheme}://{parts.host}")
    return url
