"""The one seam where what a model or reranker raises becomes an error of ours."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from konverze_core.errors import KonverzeError, ProviderUnavailableError


@contextmanager
def provider_seam(what: str) -> Generator[None]:
    """Translates foreign exceptions; their words may quote a prompt, so only their type is named.

    Args:
        what: What is called, for the message.

    Raises:
        ProviderUnavailableError: The call raised an exception that is not of this library.
    """
    try:
        yield
    except KonverzeError:
        raise
    except Exception as exc:
        raise ProviderUnavailableError(f"{what} raised {type(exc).__name__}") from exc
