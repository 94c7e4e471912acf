"""Legal names of blobs and of keys: the same on every backend, and safe on every disk."""

from __future__ import annotations

import re

from konverze_core.errors import ConfigError

NAME_CHARS_MAX = 512
PART_CHARS_MAX = 255  # the longest file name that common disks take

KEK_NAME_CHARS_MAX = 64

# A leading dot is refused: that rules out `.` and `..`, and leaves hidden names to the backends.
_PART = re.compile(r"[a-z0-9_=-][a-z0-9._=-]*", re.ASCII)

_KEK_NAME = re.compile(r"[a-z0-9][a-z0-9-]*", re.ASCII)


def is_blob_part(part: str) -> bool:
    """Whether `part` may stand between two slashes of a blob name."""
    return len(part) <= PART_CHARS_MAX and _PART.fullmatch(part) is not None


def checked_blob_name(name: str) -> str:
    """The name itself, when it is a legal blob name.

    Legal is a relative path of at most 512 characters, its parts `[a-z0-9._=-]+` of at most 255 characters,
    none starting with a dot.

    Raises:
        ConfigError: The name is not legal.
    """
    if len(name) > NAME_CHARS_MAX or not all(map(is_blob_part, name.split("/"))):
        raise ConfigError(f"not a legal blob name: {name[:80]!r}")
    return name


def checked_kek_name(name: str) -> str:
    """The name itself, when it is a legal name of a key encryption key: `[a-z0-9][a-z0-9-]*`, at most 64 characters.

    Raises:
        ConfigError: The name is not legal.
    """
    if len(name) > KEK_NAME_CHARS_MAX or _KEK_NAME.fullmatch(name) is None:
        raise ConfigError(f"not a legal name of a key: {name[:80]!r}")
    return name
