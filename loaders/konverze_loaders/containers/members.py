"""Files inside a file: attachments of a mail, members of an archive."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from konverze_core.documents import Document
from konverze_core.errors import LimitExceededError, LoadError
from konverze_loaders.reading import Reading

if TYPE_CHECKING:
    from konverze_loaders.builder import DocumentBuilder

Parse: TypeAlias = Callable[[bytes, Reading], Document]
"""Reads the bytes of a file of any format, and raises nothing but a `LoadError`."""


def include_file(
    data: bytes, name: str, builder: DocumentBuilder, reading: Reading, *, parse: Parse
) -> LoadError | None:
    """Adds what is read of a file inside another under a heading; what cannot be read is noted.

    Args:
        data: Its bytes.
        name: Its name.
        builder: Where the blocks go.
        reading: The file that it is in.
        parse: Reads it.

    Returns:
        Why it could not be read; None where it could.

    Raises:
        LimitExceededError: It takes more than the upload may: that ends the whole of it.
    """
    try:
        document = parse(data, reading.inner(name))
    except LimitExceededError:
        raise
    except LoadError as error:
        builder.note_unread(name, error.reason)
        return error
    builder.include(document, name)
    return None
