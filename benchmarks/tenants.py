"""Thousands of tenants: what memory do they hold, and what happens under a budget that a tenth of them fits into?"""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import tempfile
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, cast

import faiss  # pyright: ignore[reportMissingTypeStubs]
import numpy as np
import numpy.typing as npt
from msgspec import structs

import konverze_rag as kr
from benchmarks.contest import K
from benchmarks.corpus import DIM, chunks, clustered_vectors, queries_near
from benchmarks.extents import Extent
from benchmarks.measuring import anonymous_bytes, median
from benchmarks.peers import load
from benchmarks.peers.by_hand import Flat, FlatWithTexts
from benchmarks.peers.konverze import settings
from benchmarks.ratios import Row, Watched, compared
from konverze_core.documents import Chunk
from konverze_core.protocols import Vectors
from konverze_indexes.index import TenantIndex

QUESTION = "tenants"
EACH = 500
"""Chunks of a tenant."""

COUNTS = {Extent.GATE: (100,), Extent.DEFAULT: (100, 1_000), Extent.FULL: (100, 1_000, 10_000)}
MOST_RESIDENT = 1_000
"""More are measured under the budget only: all of their vectors are more than a machine of this size holds."""

MEMORY_GOAL, SEALED_TEXTS_GOAL = 0.75, 0.4
"""All resident / LangChain per tenant, and the same with texts sealed on disk, at most."""

WARM_GOAL = 1.5
"""p50 / raw FAISS per tenant, at most."""

BUDGET_SHARE = 0.1
"""Of LangChain's memory."""

TRAFFIC = 20_000
"""Searches by Zipf(1.0) under the budget."""

SPELL = 500
"""Searches between two looks at the yardstick, so that it does not empty the processor's caches before each hit."""

HIT_GOAL, MISS_GOAL = 1.2, 1.5
"""p50 of hits / warm; p50 of misses / a plaintext load of FAISS and pickle with its first result; at most."""

LEAK_QUERIES, LEAK_THREADS = 100_000, 4
LANGCHAIN = "LangChain FAISS"
SEALED = "ours, texts sealed"


def run(extent: Extent) -> list[Row]:
    """One row a number of tenants."""
    faiss.omp_set_num_threads(1)
    return [
        _measured(count, leak_queries=LEAK_QUERIES if extent is not Extent.GATE else 5_000) for count in COUNTS[extent]
    ]


def _name(number: int) -> str:
    return f"tenant-{number}"


def _chunks(number: int) -> list[Chunk]:
    """All texts name their tenant: a leak shows."""
    return [structs.replace(chunk, text=f"{_name(number)}: {chunk.text}") for chunk in chunks(EACH)]


def _vectors(number: int) -> Vectors:
    return clustered_vectors(EACH, seed=1_000 + number)


def _measured(count: int, *, leak_queries: int) -> Row:
    with tempfile.TemporaryDirectory() as folder:
        ours, theirs, by_hand = (Path(folder) / name for name in ("ours", "langchain", "by_hand"))
        with kr.Engine.open(ours, settings=settings()) as engine:
            for number in range(count):
                engine.tenant(_name(number)).add(_chunks(number), _vectors(number))
                # In turns: of 10,000 tenants, not all files of both stay in the system's cache.
                _build(FlatWithTexts, by_hand, number)
        row: Row = {"tenants": count, "chunks each": EACH}
        resident = min(count, MOST_RESIDENT)
        held, sealed, langchain = _held("ours", ours, resident), _held(SEALED, ours, resident), 0
        if peer := load(LANGCHAIN):
            for number in range(resident):
                _build(peer, theirs, number)
            langchain = _held(LANGCHAIN, theirs, resident)
            row |= {
                "held MB": held / 1e6,
                "LangChain MB": langchain / 1e6,
                "/ LangChain": Watched.of([held / langchain], goal=MEMORY_GOAL),
                "texts sealed / LangChain": Watched.of([sealed / langchain], goal=SEALED_TEXTS_GOAL),
            }
        warm: Row = _warm(ours, resident)
        budget = int(BUDGET_SHARE * (langchain or held) * count / resident)
        if "cache_bytes" not in kr.Settings.model_fields:
            print("tenants: the engine has no budget yet", flush=True)
            return {**row, **warm, **_leaks(ours, count, settings(), leak_queries)}
        under = _under_budget(ours, by_hand, count, budget)
        beside = cast("float", under["hit p50 ms"]) / cast("float", warm["warm p50 ms"])
        row |= {**warm, **under, "hit / warm": Watched.of([beside], goal=HIT_GOAL)}
        return row | _leaks(ours, count, settings(cache_bytes=budget), leak_queries)


def _build(peer: Any, folder: Path, number: int) -> None:
    (subfolder := folder / _name(number)).mkdir(parents=True)
    contestant = peer(subfolder, DIM)
    contestant.build(_chunks(number), _vectors(number))
    contestant.save()


def _held(who: str, folder: Path, count: int) -> int:
    """Memory that a new process holds which has opened all tenants and searched each of them."""
    command = [sys.executable, "-m", "benchmarks.tenants", who, str(folder), str(count)]
    told = subprocess.run(command, check=True, stdout=subprocess.PIPE)  # noqa: S603
    return json.loads(told.stdout.splitlines()[-1])


def _hold(who: str, folder: Path, count: int) -> int:
    query, opened = clustered_vectors(1)[0], list[Any]()
    peer = load(LANGCHAIN)
    gc.collect()
    before = anonymous_bytes()
    is_ours, chosen = who.startswith("ours"), settings(texts_in_memory=who != SEALED)
    engine = kr.Engine.open(folder, settings=chosen) if is_ours else None
    for number in range(count):
        if engine:
            engine.tenant(_name(number)).search(vector=query, k=K)
        elif peer:
            contestant: Any = peer(folder / _name(number), DIM)
            contestant.open()
            contestant.search(query, K)
            opened.append(contestant)
    gc.collect()
    return anonymous_bytes() - before


def _warm(folder: Path, count: int) -> Row:
    """All resident, visited at random: one is seldom in the processor's caches, ours or FAISS's."""
    flats: list[Flat] = [Flat(_vectors(number)) for number in range(count)]
    visits: list[int] = np.random.default_rng(6).integers(count, size=10_000).tolist()
    queries = [queries_near(_vectors(number), 1, seed=number)[0] for number in range(count)]
    with kr.Engine.open(folder, settings=settings()) as engine:
        for number in range(count):
            engine.tenant(_name(number)).search(vector=queries[number], k=K)

        def raw(turn: int) -> object:
            return flats[visits[turn]].rows(queries[visits[turn]], K)

        def ours(turn: int) -> object:
            hits = engine.tenant(_name(visits[turn])).search(vector=queries[visits[turn]], k=K)
            return [(hit.chunk.text, hit.chunk.metadata) for hit in hits]

        pair = compared(raw, ours, rounds=400)
    return {
        **{f"warm {head}": cell for head, cell in pair.times().items()},
        "/ FAISS": Watched.of(pair.quotients, goal=WARM_GOAL),
    }


def zipf_traffic(count: int, length: int, *, seed: int = 7) -> npt.NDArray[np.int64]:
    """Tenants by Zipf(1.0), int64, shape (length,); which of them are busy is drawn."""
    random, shares = np.random.default_rng(seed), 1 / np.arange(1, count + 1)
    return random.permutation(count)[random.choice(count, size=length, p=shares / shares.sum())]


def lru_hits(visits: Iterable[int], room: int) -> float:
    """Share of visits that a cache of so many tenants serves which forgets the least recently used."""
    kept: OrderedDict[int, None] = OrderedDict()
    hits = asked = 0
    for tenant in visits:
        asked += 1
        hits += tenant in kept
        kept[tenant] = None
        kept.move_to_end(tenant)
        if len(kept) > room:
            kept.popitem(last=False)
    return hits / asked


def _under_budget(folder: Path, by_hand: Path, count: int, budget_bytes: int) -> Row:
    """Hits and misses of the tenant cache by Zipf traffic; after each spell, plaintext loads of what it missed."""
    visits: list[int] = zipf_traffic(count, TRAFFIC).tolist()
    query = clustered_vectors(1)[0]
    hits, misses, loads = list[float](), list[float](), list[float]()
    indexes: dict[int, TenantIndex] = {}  # asking the cache's statistics before each search would walk all of it
    with kr.Engine.open(folder, settings=settings(cache_bytes=budget_bytes)) as opened:
        engine: Any = opened
        for start in range(0, len(visits), SPELL):
            missed: list[int] = []
            for tenant in visits[start : start + SPELL]:
                is_hit = tenant in indexes and indexes[tenant].is_resident
                spent = _timed(partial(_asked, engine, tenant, query))
                if is_hit:
                    hits.append(spent)
                else:
                    misses.append(spent)
                    missed.append(tenant)
                    indexes[tenant] = engine.tenant(_name(tenant)).index
            loads += [_timed(partial(_loaded, by_hand / _name(tenant), query)) for tenant in missed]
        stats = engine.cache_stats()
        tenant_bytes = stats.resident_bytes / stats.resident_tenants
    room = max(1, int(budget_bytes / tenant_bytes))
    return {
        "budget MB": budget_bytes / 1e6,
        "hit rate": Watched.share(len(hits) / len(visits), goal=lru_hits(visits, room)),
        "hit p50 ms": median(hits),
        "miss p50 ms": median(misses),
        "miss / plaintext load": Watched.of([median(misses) / median(loads)], goal=MISS_GOAL),
    }


def _timed(call: Callable[[], object]) -> float:
    """Milliseconds."""
    started = time.perf_counter()
    call()
    return (time.perf_counter() - started) * 1000


def _asked(engine: kr.Engine, tenant: int, query: Vectors) -> list[kr.Hit]:
    return engine.tenant(_name(tenant)).search(vector=query, k=K)


def _loaded(folder: Path, query: Vectors) -> object:
    contestant = FlatWithTexts(folder, DIM)
    contestant.open()
    return contestant.search(query, K)


def _leaks(folder: Path, count: int, given: kr.Settings, queries: int) -> Row:
    """Hits that a tenant got of another one, while several threads ask tenants by Zipf traffic."""
    query, leaks = clustered_vectors(1)[0], list[str]()
    with kr.Engine.open(folder, settings=given) as engine:

        def work(number: int) -> None:
            for tenant in zipf_traffic(count, queries // LEAK_THREADS, seed=20 + number).tolist():
                found = engine.tenant(_name(tenant)).search(vector=query, k=K)
                leaks.extend(hit.chunk.text for hit in found if not hit.chunk.text.startswith(f"{_name(tenant)}: "))

        with ThreadPoolExecutor(LEAK_THREADS) as pool:
            list(pool.map(work, range(LEAK_THREADS)))
    return {"leaks": Watched.never(len(leaks))}


if __name__ == "__main__":
    print(_hold(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])))
