# ruff: noqa: INP001 - a script
"""Writes the examples of docs/formats anew after a change of the segment's layout.

Run `python tools/format_examples.py` from the root of the project. The arrays of the hot blob are the library's; what
pins them follows: lengths and digests of the sealed blobs, and the commits, sealed as the tests of the pages do it.
"""

from __future__ import annotations

import json
import re
import struct
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
FORMATS = ROOT / "docs" / "formats"
PINNED_BYTES = 97
"""Of a sealed blob: what the digest of a pin covers."""


def main() -> None:
    """Rewrites segment.md, then commit.md."""
    sys.path[:0] = [str(ROOT / folder) for folder in (".", "core", "loaders", "indexes", "tests/indexes")]
    _write_segment(_pages())
    _write_commits(_pages())


def _pages() -> Any:
    """The pages as they stand now, with what their tests know of them."""
    sys.modules.pop("test_format_docs", None)
    import test_format_docs  # noqa: PLC0415

    return test_format_docs


def _write_segment(pages: Any) -> None:
    hot = pages.segment_of_the_library()[0].tobytes()
    (length,) = struct.unpack_from("<Q", hot)
    header = hot[8 : 8 + length].decode().rstrip()
    arrays = [_array(name, place, hot[8 + length :]) for name, place in json.loads(header).items() if name[0] != "_"]
    blocks = pages.SEGMENT.blocks
    text = (FORMATS / "segment.md").read_text("utf-8")
    for old, new in zip(blocks[:3], (hot[:8].hex(), header, "\n".join(arrays)), strict=True):
        text = text.replace(f"\n{old}\n```", f"\n{new}\n```", 1)
    text = re.sub(r"(begins with the header's length, )\d+", rf"\g<1>{length}", text)
    (FORMATS / "segment.md").write_text(text, "utf-8")
    _write_table("segment")


def _array(name: str, place: dict[str, Any], data: bytes) -> str:
    size = int(place["dtype"][-1])
    for length in place["shape"]:
        size *= length
    raw = data[place["offset"] : place["offset"] + size]
    return f"{name:<24} {raw.decode() if name.endswith('.utf8') else raw.hex()}".rstrip()


def _write_commits(pages: Any) -> None:
    """Each commit names the digests of those before it, newest first, and the pins of its segment."""
    blobs = dict(pages.sealed_blobs(pages.SEGMENT)) | {pages.SEALED.fields["blob name"]: b"".join(pages.PARTS.values())}
    pins = {name.rpartition(".")[2]: blob for name, blob in blobs.items() if name.endswith((".hot", ".text"))}
    text, lineage = (FORMATS / "commit.md").read_text("utf-8"), list[str]()
    for line, (name, *_) in zip(pages.COMMIT.blocks, pages.COMMIT.blobs, strict=True):
        commit = json.loads(line) | {"ancestors": lineage}
        for segment in commit["segments"]:
            for kind, blob in pins.items():
                digest = pages.sha256(blob[:PINNED_BYTES])
                segment[kind] = {"stored_bytes": len(blob), "header_sha256": digest}
        written = json.dumps(commit, separators=(",", ":"))
        text = text.replace(line, written, 1)
        lineage = [pages.sha256(pages.by_hand(written.encode(), name=name, kind="commit", key="DEK"))[:32], *lineage]
    (FORMATS / "commit.md").write_text(text, "utf-8")
    _write_table("commit")


def _write_table(name: str) -> None:
    """The lengths and digests of a page's sealed blobs."""
    pages, text = _pages(), (FORMATS / f"{name}.md").read_text("utf-8")
    for blob_name, sealed in pages.sealed_blobs(getattr(pages, name.upper())):
        row = rf"(\| `{re.escape(blob_name)}` \| `\w+` \| [\w ]+ \| )\d+ \| `\w+`"
        text = re.sub(row, rf"\g<1>{len(sealed)} | `{pages.sha256(sealed)}`", text)
    (FORMATS / f"{name}.md").write_text(text, "utf-8")


if __name__ == "__main__":
    main()
