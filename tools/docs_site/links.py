"""What is wrong with the links of a built site."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

from selectolax.lexbor import LexborHTMLParser

LOADED = {"img": "src", "script": "src", "link": "href", "source": "src", "iframe": "src", "object": "data"}
"""What a browser fetches by itself, and the attribute that says from where."""

FETCHED_BY_SCRIPTS = ".mermaid"
"""What the site's script would fetch a program from another host for."""

STYLE_URL = re.compile(r"""(?:url\(|@import)\s*['"]?((?:https?:)?//[^'")\s]+)""")


def findings(site: Path) -> list[str]:
    """Each link that leads nowhere within the site, and each thing that would be fetched from another host.

    Args:
        site: Folder of the built site.
    """
    found = [
        f"{page.relative_to(site)}: {wrong}" for page in sorted(site.rglob("*.html")) for wrong in _wrong(page, site)
    ]
    for style in sorted(site.rglob("*.css")):
        found += [f"{style.relative_to(site)}: fetches {url}" for url in STYLE_URL.findall(style.read_text("utf-8"))]
    return found


def _wrong(page: Path, site: Path) -> Iterator[str]:
    tree = _tree(page)
    for tag, attribute in LOADED.items():
        for node in tree.css(f"{tag}[{attribute}]"):
            target = node.attributes[attribute] or ""
            if urlsplit(target).netloc:
                yield f"fetches {target}"
            elif not _is_there(target, page, site):
                yield f"lacks {target}"
    for node in tree.css("a[href]"):
        target = node.attributes["href"] or ""
        if not _is_there(target, page, site):
            yield f"links to {target}"
    if tree.css_first(FETCHED_BY_SCRIPTS) is not None:
        yield f"{FETCHED_BY_SCRIPTS} is drawn by a program of another host"


def _is_there(target: str, page: Path, site: Path) -> bool:
    """Whether a link leads somewhere; where to on other hosts is theirs to say."""
    parts = urlsplit(target)
    if parts.scheme or parts.netloc:
        return True
    path = unquote(parts.path)
    there = (site / path.lstrip("/") if path.startswith("/") else page.parent / path) if path else page
    there = there / "index.html" if there.is_dir() else there
    anchor = unquote(parts.fragment)
    return there.is_file() and (not anchor or there.suffix != ".html" or anchor in _anchors(there))


@cache
def _anchors(page: Path) -> frozenset[str]:
    return frozenset(node.attributes["id"] or "" for node in _tree(page).css("[id]"))


@cache
def _tree(page: Path) -> LexborHTMLParser:
    return LexborHTMLParser(page.read_text("utf-8"))
