"""How the suite measures: contestants interleaved, medians quoted, the machine printed beside them."""

from __future__ import annotations

import json
import os
import platform
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import faiss  # pyright: ignore[reportMissingTypeStubs]
import numpy as np

from konverze_rag.version import __version__

RESULTS = Path(__file__).parent / "results"
STATUS = Path("/proc/self/status")
WRITTEN = Path("/proc/self/io")
WINDOW_S = 0.4
"""Throughput is counted for so long."""


def machine() -> dict[str, str]:
    """What the figures were measured on."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text("utf-8").splitlines() if info.exists() else []
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    return {
        "processor": model or platform.machine(),
        "cores": str(os.cpu_count()),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "faiss": faiss.__version__,
        "numpy": np.__version__,
        "konverze_rag": __version__,
    }


class Spent(NamedTuple):
    """What one call took.

    Attributes:
        wall_ms: Time by the clock.
        cpu_ms: Processor time of all threads of this process.
    """

    wall_ms: float
    cpu_ms: float


def interleaved(contestants: Mapping[str, Callable[[int], object]], *, rounds: int) -> dict[str, list[Spent]]:
    """What each call took; in each round every contestant runs once, so that drift hits all.

    Args:
        contestants: Called with the number of the round.
        rounds: Counted rounds; one more, not counted, warms up.
    """
    spent: dict[str, list[Spent]] = {name: [] for name in contestants}
    for turn in range(-1, rounds):
        for name, call in contestants.items():
            cpu, wall = time.process_time(), time.perf_counter()
            call(max(turn, 0))
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
            if turn >= 0:
                spent[name].append(Spent(wall * 1000, cpu * 1000))
    return spent


def interleaved_ms(contestants: Mapping[str, Callable[[int], object]], *, rounds: int) -> dict[str, list[float]]:
    """Wall time of each call, in milliseconds; otherwise as `interleaved`."""
    return {name: [one.wall_ms for one in spent] for name, spent in interleaved(contestants, rounds=rounds).items()}


def calls_per_second(call: Callable[[int], object], *, threads: int) -> float:
    """How many calls so many threads finish in a second.

    Args:
        call: Called with the number of the call, each thread counting from another.
        threads: How many call at once.
    """
    done, until = [0] * threads, time.perf_counter() + WINDOW_S

    def work(number: int) -> None:
        faiss.omp_set_num_threads(1)  # holds for the thread that calls it; others would start helpers on busy cores
        while time.perf_counter() < until:
            call(number * 31 + done[number])
            done[number] += 1

    started = time.perf_counter()
    workers = [threading.Thread(target=work, args=(number,)) for number in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return sum(done) / (time.perf_counter() - started)


def median(times: list[float]) -> float:
    """The median."""
    return float(np.median(times))


def percentile(times: list[float], share: float) -> float:
    """The time below which this share (0 to 100) of the calls lies."""
    return float(np.percentile(times, share))


def anonymous_bytes() -> int:
    """Memory of this process that no file backs; 0 where the system does not tell."""
    return 1024 * int(_told(STATUS).get("RssAnon", "0").split()[0])


def written_bytes() -> int:
    """Bytes handed to write calls so far; 0 where the system does not count them."""
    return int(_told(WRITTEN).get("wchar", "0"))


def _told(path: Path) -> dict[str, str]:
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def stored_bytes(folder: Path) -> int:
    """Bytes of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def save(question: str, rows: list[dict[str, Any]]) -> Path:
    """Writes the rows of a run, with machine and date, as JSON."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{question}.json"
    result = {"question": question, "measured_at": f"{datetime.now(UTC):%Y-%m-%d}", "machine": machine(), "rows": rows}
    path.write_text(json.dumps(result, indent=2) + "\n", "utf-8")
    return path
