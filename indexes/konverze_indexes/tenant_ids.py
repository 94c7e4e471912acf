"""Legal tenant ids, and the directories that they name."""

from __future__ import annotations

import base64
import hashlib
import re
import unicodedata

import regex

from konverze_core.errors import ConfigError

TENANT_ID_CHARS_MAX = 128
DIRECTORY_CHARS = 26

_DIRECTORY = re.compile(rf"[a-z2-7]{{{DIRECTORY_CHARS}}}")
_INVISIBLE = regex.compile(r"[\p{Cf}\p{Default_Ignorable_Code_Point}]")
# Invisible, but part of how words are spelt: a joiner beside an Indic virama (RFC 5892, A.1 and A.2, and UAX 31 for
# Bengali and Kannada), one between Arabic letters, as Persian has it, and one between two emoji; the selector of an
# emoji's, a Han character's or a Mongolian letter's variant (Unicode 16, 23.4).
_SPELT = regex.compile(
    r"(?<=\p{ccc=9})[\u200c\u200d]|[\u200c\u200d](?=\p{ccc=9})"
    r"|(?<=\p{Arabic}\p{M}*)\u200c(?=\p{Arabic})"
    r"|(?<=\p{Extended_Pictographic}[\ufe0f\U0001f3fb-\U0001f3ff]*)\u200d(?=\p{Extended_Pictographic})"
    r"|(?<=\p{Extended_Pictographic})[\ufe0e\ufe0f]|(?<=[0-9#*])\ufe0f(?=\u20e3)"
    r"|(?<=\p{Han})[\ufe00-\ufe02\U000e0100-\U000e01ef]"
    r"|(?<=\p{Mongolian})[\u180b-\u180d\u180f]"
)


def checked_tenant_id(tenant_id: str) -> str:
    """The id in Unicode normalisation form C.

    Raises:
        ConfigError: It has not 1 to 128 characters; begins or ends with white space; or holds a control character, half
            a surrogate pair, a line separator, or an invisible character, which would make it look like another id.
            Joiners and selectors of variants are legal where words or emoji need them.
    """
    if not isinstance(tenant_id, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ConfigError(f"a tenant id is a string, not {type(tenant_id).__name__}")
    normal = unicodedata.normalize("NFC", tenant_id)
    if not 1 <= len(normal) <= TENANT_ID_CHARS_MAX:
        raise ConfigError(f"a tenant id has 1 to {TENANT_ID_CHARS_MAX} characters")
    if any(unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} for character in normal):
        raise ConfigError("a tenant id holds a control character")
    if normal != normal.strip():
        raise ConfigError("a tenant id begins or ends with white space")
    if _INVISIBLE.search(_SPELT.sub("", normal)):
        raise ConfigError("a tenant id holds an invisible character")
    return normal


def tenant_directory(tenant_id: str) -> str:
    """The tenant's part of blob names: lower-case base32 of SHA-256 of the id, 26 characters.

    Raises:
        ConfigError: The id is not legal.
    """
    digest = hashlib.sha256(checked_tenant_id(tenant_id).encode()).digest()
    return base64.b32encode(digest).decode().lower()[:DIRECTORY_CHARS]


def checked_directory(directory: str) -> str:
    """The directory itself, when `tenant_directory` could have made it.

    Raises:
        ConfigError: It could not.
    """
    if _DIRECTORY.fullmatch(directory) is None:
        raise ConfigError(f"not a tenant's directory: {directory[:80]!r}")
    return directory
