# ruff: noqa: INP001 - a script
"""Proves that a wheel holds the packages of the source tree, byte for byte, and nothing else.

Run `python tools/compare_wheel.py dist/*.whl` from the root of the project; `make wheel-test` does.
"""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

PACKAGES = ("core/konverze_core", "loaders/konverze_loaders", "indexes/konverze_indexes", "konverze_rag")


def main() -> None:
    """Ends with what differs, if anything does."""
    (name,) = sys.argv[1:]
    built, source = _of_wheel(Path(name)), _of_source()
    differing = sorted(path for path in built.keys() | source.keys() if built.get(path) != source.get(path))
    if not source or differing:
        sys.exit(f"the wheel is not what the source tree holds: {', '.join(differing)}")


def _of_wheel(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist() if ".dist-info/" not in name}


def _of_source() -> dict[str, bytes]:
    folders = [Path(package) for package in PACKAGES]
    files = [(folder, path) for folder in folders for path in folder.rglob("*") if path.is_file()]
    return {
        path.relative_to(folder.parent).as_posix(): path.read_bytes()
        for folder, path in files
        if "__pycache__" not in path.parts
    }


if __name__ == "__main__":
    main()
