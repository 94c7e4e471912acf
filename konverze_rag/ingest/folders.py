"""The files below a folder, each under the id that a document of it goes by."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NoReturn

from konverze_core.errors import ConfigError, LoadError
from konverze_rag.uploads import NamedUpload, checked_source


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which files of a folder are meant, by their path from there with `/` between its parts.

    A pattern is one of a shell, but for `*`, which also stands for `/`: `*.pdf`, `drafts/*`. Case matters.

    Attributes:
        include: A file must fit one of these.
        exclude: And none of these.
    """

    include: Sequence[str] = ("*",)
    exclude: Sequence[str] = ()

    def __post_init__(self) -> None:
        if isinstance(self.include, str) or isinstance(self.exclude, str):
            raise ConfigError("include and exclude are lists of patterns")

    def has(self, path: str) -> bool:
        """Whether a file is meant."""
        return any(fnmatchcase(path, pattern) for pattern in self.include) and not any(
            fnmatchcase(path, pattern) for pattern in self.exclude
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderFiles:
    """What lies below a folder.

    Attributes:
        root: The folder, links followed.
        uploads: Its files by source, sorted.
        refused: Files whose path is no source, each with the reason.
    """

    root: Path
    uploads: dict[str, NamedUpload] = field(default_factory=dict[str, NamedUpload])
    refused: list[tuple[str, LoadError]] = field(default_factory=list[tuple[str, LoadError]])


def files_below(folder: str | os.PathLike[str], selection: Selection) -> FolderFiles:
    """The files below a folder, without hidden ones, and without links that lead out of it.

    A link to a folder is not followed at all: what it leads to inside is there already.

    Raises:
        ConfigError: There is no such folder, or a part of it cannot be listed: its files would seem to be gone.
    """
    try:
        root = Path(folder).resolve(strict=True)
        paths = sorted(_walked(root))
    except (OSError, TypeError, ValueError) as exc:
        raise ConfigError(f"the folder cannot be listed ({getattr(exc, 'strerror', None) or 'no path'})") from exc
    found = FolderFiles(root=root)
    for path in paths:
        relative = path.relative_to(root).as_posix()
        if selection.has(relative):
            _note(found, relative, path)
    return found


def _walked(root: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(root, onerror=_raise):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            path = Path(folder, name)
            if not name.startswith(".") and _is_inside(path, root) and path.is_file():
                yield path


def _raise(error: OSError) -> NoReturn:
    raise error


def _is_inside(path: Path, root: Path) -> bool:
    return not path.is_symlink() or Path(os.path.realpath(path)).is_relative_to(root)


def _note(found: FolderFiles, relative: str, path: Path) -> None:
    shown = relative.encode("utf-8", "backslashreplace").decode()
    try:
        source = checked_source(relative)
    except ConfigError as error:
        found.refused.append((shown, LoadError(shown, str(error))))
        return
    if source in found.uploads:
        found.refused.append(
            (shown, LoadError(shown, "another file's name differs from its own in invisible ways alone"))
        )
        return
    found.uploads[source] = NamedUpload(source=source, content=path, name=path.name, root=found.root)
