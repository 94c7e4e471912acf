"""How large an upload may be. Every limit can be raised; none can be switched off by a file."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from konverze_core.errors import ConfigError, LimitExceededError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

MAX_FILE_BYTES = 100_000_000
MAX_PAGES = 5_000
MAX_TEXT_OPERATORS = 2_000_000
MAX_TEXT_CHARS = 50_000_000
MAX_EXPANDED_BYTES = 400_000_000
MAX_EXPANSION_RATIO = 200
MAX_ENTRIES = 10_000
MAX_DEPTH = 256
MAX_NESTING = 3
MAX_CELLS = 3_000_000


def check_positive(limits: DataclassInstance) -> None:
    """Holds each field of a class of limits to at least 1: a limit may be raised, and never be switched off.

    Raises:
        ConfigError: One is below.
    """
    for limit in fields(limits):
        if getattr(limits, limit.name) < 1:
            raise ConfigError(f"{type(limits).__name__}.{limit.name} must be at least 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadLimits:
    """Limits that `load` holds a file to.

    Attributes:
        max_file_bytes: Length of the upload, in bytes.
        max_pages: Pages of a paginated file, or slides.
        max_text_operators: Operators and strings of the pages of a PDF that pypdf has to read.
        max_text_chars: Code points of the extracted text.
        max_expanded_bytes: Bytes of all entries of a zipped file, unpacked; of a PDF those that its pages need.
        max_expansion_ratio: Unpacked bytes by packed bytes, of any entry over 1 MB.
        max_entries: Entries of a zipped file.
        max_nesting: Files inside each other: an attachment of a mail in an archive is two deep.
        max_depth: Markdown quotes and lists, or values of JSON, inside each other; for XML the parser's 256 stands.
        max_cells: Cells of a spreadsheet or CSV that hold something, or values of JSON.

    Raises:
        ConfigError: A limit is below 1.
    """

    max_file_bytes: int = MAX_FILE_BYTES
    max_pages: int = MAX_PAGES
    max_text_operators: int = MAX_TEXT_OPERATORS
    max_text_chars: int = MAX_TEXT_CHARS
    max_expanded_bytes: int = MAX_EXPANDED_BYTES
    max_expansion_ratio: int = MAX_EXPANSION_RATIO
    max_entries: int = MAX_ENTRIES
    max_depth: int = MAX_DEPTH
    max_nesting: int = MAX_NESTING
    max_cells: int = MAX_CELLS

    def __post_init__(self) -> None:
        check_positive(self)

    def check(self, limit: str, value: int, source: str) -> None:
        """Compares a measured value with a limit.

        Args:
            limit: Name of a field of this class.
            value: What the file needs.
            source: Name of the file, for the message.

        Raises:
            LimitExceededError: The value is above the limit.
        """
        allowed: int = getattr(self, limit)
        if value > allowed:
            reason = f"{limit} is {allowed}, the file needs {value}; raise it with LoadLimits({limit}=...)"
            raise LimitExceededError(source, reason)
