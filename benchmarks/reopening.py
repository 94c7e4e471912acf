"""How long does it take to open a sealed tenant, beside reading the same bytes in the clear?"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

import konverze_rag as kr
from benchmarks.corpus import chunks, clustered_vectors
from benchmarks.measuring import interleaved_ms, median, save

SIZES = (1_000, 10_000, 100_000)
ROUNDS = 9
QUESTION = "reopening"


def run() -> list[dict[str, Any]]:
    """One row a size; opening includes key unwrapping, decryption, verification and the first search."""
    rows = [_measured(size) for size in SIZES]
    save(QUESTION, rows)
    return rows


def _measured(size: int) -> dict[str, Any]:
    settings = kr.Settings(embeddings="none", openai_api_key=None, openai_base_url=None)
    vectors = clustered_vectors(size)
    with tempfile.TemporaryDirectory() as folder:
        with kr.Engine.open(folder, settings=settings) as engine:
            tenant = engine.tenant("benchmark")
            tenant.add(chunks(size), vectors)
            entry = tenant.index.snapshot().manifest.segments[0]
            plain = [Path(folder) / f"plain.{name}" for name in ("hot", "text")]
            tenant.index.blobs.read("hot", f"segments/{entry.id}.hot").tofile(plain[0])
            tenant.index.blobs.read("text", f"segments/{entry.id}.text").tofile(plain[1])

        def reopen(_: int) -> None:
            with kr.Engine.open(folder, settings=settings) as engine:
                engine.tenant("benchmark")

        def reopen_and_search(_: int) -> None:
            with kr.Engine.open(folder, settings=settings) as engine:
                engine.tenant("benchmark").search("word1 word2", vector=vectors[0])

        times = interleaved_ms(
            {
                "plaintext read": lambda _: [np.fromfile(path, np.uint8) for path in plain],
                "sealed open": reopen,
                "sealed open + first search": reopen_and_search,
            },
            rounds=ROUNDS,
        )
        stored = sum(path.stat().st_size for path in plain)
    figures: dict[str, Any] = {"chunks": size, "MB": stored / 1e6}
    figures |= {f"{name} ms": median(found) for name, found in times.items()}
    return figures | {"open / plaintext": median(times["sealed open"]) / median(times["plaintext read"])}
