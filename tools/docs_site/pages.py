"""The pages of the repository, each at its place on the site, with links that lead to the others' places."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from functools import partial
from pathlib import Path, PurePosixPath

MOVED = {
    "README.md": "index.md",
    "CHANGELOG.md": "changes.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    "benchmarks/README.md": "benchmarks/index.md",
}
"""Pages that stand outside docs/, and their places on the site."""

PICTURES = "benchmarks/results"
"""Folder of the pictures that the benchmarks' page shows."""

NOTEBOOKS = "build/notebooks"
"""Folder of the notebooks' pages, where `make notebooks` has written them; without, links to notebooks are words."""

FENCED = re.compile(r"(^[ \t]*```.*?^[ \t]*```[ \t]*$)", re.DOTALL | re.MULTILINE)
"""A block of code; splitting by it leaves the blocks at the odd places."""

LINK = re.compile(r"`[^`\n]*`|(?P<mark>!?\[(?P<text>[^\]]*)\]\()(?P<target>[^)#\s]*)(?P<anchor>#[^)\s]*)?\)")
"""A link or picture of Markdown, or code within a line, which holds none."""


def places(root: Path) -> dict[str, str]:
    """Place on the site of each page, picture and notebook, by its path in the repository."""
    below = sorted(path.relative_to(root).as_posix() for path in (root / "docs").rglob("*.*"))
    pictures = sorted(path.relative_to(root).as_posix() for path in (root / PICTURES).glob("*.png"))
    own = {path: _index(path.removeprefix("docs/")) for path in below}
    notebooks = {f"notebooks/{page.stem}.py": f"notebooks/{page.name}" for page in (root / NOTEBOOKS).glob("*.html")}
    return {**MOVED, **own, **{path: path for path in pictures}, **notebooks}


def _index(place: str) -> str:
    """A README is what a folder opens with, on the site as well."""
    return place.removesuffix("README.md") + "index.md" if place.endswith("README.md") else place


def write_pages(root: Path, sources: Path) -> None:
    """Writes all pages, pictures and notebooks to their places below a folder."""
    known = places(root)
    for path, place in known.items():
        there = sources / place
        there.parent.mkdir(parents=True, exist_ok=True)
        if path.endswith(".md"):
            there.write_text(placed((root / path).read_text("utf-8"), path, known), "utf-8")
        elif path.endswith(".py"):
            shutil.copy(root / NOTEBOOKS / there.name, there)
        else:
            shutil.copy(root / path, there)


def placed(text: str, path: str, known: Mapping[str, str]) -> str:
    """A page's text with links that fit its place; a link to what is not on the site is left as its words.

    Args:
        text: Markdown.
        path: Of the page in the repository.
        known: Places by path.
    """
    parts = FENCED.split(text)
    return "".join(
        part if number % 2 else LINK.sub(partial(_placed_link, path=path, known=known), part)
        for number, part in enumerate(parts)
    )


def _placed_link(link: re.Match[str], *, path: str, known: Mapping[str, str]) -> str:
    target = link["target"]
    if not target or re.match(r"[a-z]+:", target):
        return link[0]
    there = os.path.normpath(PurePosixPath(path).parent / target)
    if there not in known:
        return link["text"]
    return f"{link['mark']}{os.path.relpath(known[there], PurePosixPath(known[path]).parent)}{link['anchor'] or ''})"
