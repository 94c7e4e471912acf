"""The one seam to models and rerankers: what they raise becomes an error of ours, and what they give is closed."""

from __future__ import annotations

from collections.abc import Generator, Iterator
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


class Closeable:
    """Closes an iterator that can be closed, as a generator can.

    Args:
        pieces: What a model gives.
    """

    def __init__(self, pieces: Iterator[object]) -> None:
        self._pieces = pieces

    def close(self) -> None:
        """Frees what the iterator holds."""
        close = getattr(self._pieces, "close", None)
        if close is not None:
            close()
