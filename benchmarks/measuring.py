"""How the suite measures: contestants interleaved, medians quoted, the machine printed beside them."""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import faiss  # pyright: ignore[reportMissingTypeStubs]
import numpy as np

from konverze_rag.version import __version__

RESULTS = Path(__file__).parent / "results"


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


def median(times: list[float]) -> float:
    """The median."""
    return float(np.median(times))


def percentile(times: list[float], share: float) -> float:
    """The time below which this share (0 to 100) of the calls lies."""
    return float(np.percentile(times, share))


def save(question: str, rows: list[dict[str, Any]]) -> Path:
    """Writes the rows of a run, with machine and date, as JSON."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{question}.json"
    result = {"question": question, "measured_at": f"{datetime.now(UTC):%Y-%m-%d}", "machine": machine(), "rows": rows}
    path.write_text(json.dumps(result, indent=2) + "\n", "utf-8")
    return path


def table(rows: list[dict[str, Any]]) -> str:
    """The rows as a Markdown table."""
    heads = list(rows[0])
    cells = [[_cell(row[head]) for head in heads] for row in rows]
    lines = ["| " + " | ".join(line) + " |" for line in [heads, ["---"] * len(heads), *cells]]
    return "\n".join(lines)


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) else str(value)
