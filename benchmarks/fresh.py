"""A new process that opens what was stored, as a restarted service would: `python -m benchmarks.fresh PEER FOLDER DIM`.

It prints JSON: milliseconds from after the imports to the first hits, and the memory then held after some searches.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import faiss  # pyright: ignore[reportMissingTypeStubs]
import numpy as np

from benchmarks.contest import Course, K
from benchmarks.measuring import anonymous_bytes
from benchmarks.peers import Dense, Stored, load

SEARCHES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a new process saw.

    Attributes:
        open_ms: From after the imports to the first hits with texts.
        held_bytes: Growth of its anonymous memory from then to after `SEARCHES` searches.
    """

    open_ms: float
    held_bytes: int


@contextmanager
def stored(name: str, course: Course) -> Generator[Path]:
    """A folder with what this peer stores of the course, beside some queries."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        subfolder = Path(folder) / "data"
        subfolder.mkdir()
        peer = load(name)
        assert peer is not None
        contestant: Any = peer(subfolder, course.dim)
        contestant.build(course.chunks, course.vectors)
        contestant.save()
        contestant.close()
        np.save(Path(folder) / "queries.npy", course.queries[:SEARCHES])
        seen(name, subfolder, course.dim)  # notes which modules are imported late, and warms the page cache
        yield subfolder


def seen(name: str, folder: Path, dim: int) -> Seen:
    """What a new process sees that opens this folder."""
    command = [sys.executable, "-m", "benchmarks.fresh", name, str(folder), str(dim)]
    told = subprocess.run(command, check=True, stdout=subprocess.PIPE, env=os.environ)  # noqa: S603
    return Seen(**json.loads(told.stdout.splitlines()[-1]))


def _look(name: str, folder: Path, dim: int) -> Seen:
    peer = load(name)
    assert peer is not None
    queries = np.load(folder.parent / "queries.npy")
    late = folder.parent / "modules.json"
    _import(json.loads(late.read_text("utf-8")) if late.exists() else [])
    early = set(sys.modules)
    faiss.omp_set_num_threads(1)
    gc.collect()
    held, started = anonymous_bytes(), time.perf_counter()
    contestant = peer(folder, dim)
    assert isinstance(contestant, Stored)
    assert isinstance(contestant, Dense)
    contestant.open()
    assert contestant.search(queries[0], K)[0][0]
    open_ms = (time.perf_counter() - started) * 1000
    for query in queries:
        contestant.search(query, K)
    if not late.exists():
        late.write_text(json.dumps([name for name in sys.modules if name not in early]), "utf-8")
    gc.collect()
    return Seen(open_ms=open_ms, held_bytes=anonymous_bytes() - held)


def _import(names: list[str]) -> None:
    """Modules that libraries import at first use: the time of imports stays apart, whenever they come."""
    for name in names:
        with suppress(ImportError):
            import_module(name)


if __name__ == "__main__":
    found = _look(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
    print(json.dumps({"open_ms": found.open_ms, "held_bytes": found.held_bytes}))
