"""Where links lead, for a reader who cannot click: the address behind the words, as mail programs print it."""

from __future__ import annotations

import re
from urllib.parse import urljoin, urlsplit

MAX_TARGET_CHARS = 200
"""A longer address is for machines."""

_ADDRESSES = ("mailto:", "tel:")
_SCHEME = re.compile(r"https?://(?:www\.)?|/$")
_UNSEEN = re.compile(r"[\s\x00-\x20<>\"]+")


def told_target(href: str, words: str, *, base: str = "") -> str:
    """What is to stand after the words of a link: ` (https://…)`, or nothing.

    Nothing is told of links within the page, of those without words, where the words say it already, and where the page
    does not tell its own address and the link rests on it.

    Args:
        href: As the page has it.
        words: What a reader sees of the link.
        base: The page's own address, where it tells it; absolute.
    """
    target = _UNSEEN.sub("", href)
    if not target or not words.strip():
        return ""
    if target.lower().startswith(_ADDRESSES):
        target = target.partition(":")[2].partition("?")[0]
    else:
        try:
            target = urljoin(base, target)
            parts = urlsplit(target)
        except ValueError:  # no address, whatever it is
            return ""
        if parts.scheme not in {"http", "https"} or not parts.netloc or (base and target.startswith(f"{base}#")):
            return ""
    seen = _bare(words)
    return "" if len(target) > MAX_TARGET_CHARS or not target or _bare(target) in seen else f" ({target})"


def _bare(text: str) -> str:
    """Without scheme, `www.`, closing slash and white space."""
    return _SCHEME.sub("", "".join(text.split()).lower())
