"""Loads one bomb in a pool and prints what became of it, with the CPU time and the peak memory of the pool's processes.

A program of its own, so that the processes whose use is counted are those of this one file.
"""

from __future__ import annotations

import json
import resource
import sys

from konverze_core.errors import LoadError
from konverze_loaders.isolation.pool import LoaderPool
from tests.loaders.bombs import BOMBS


def main() -> None:
    bomb = BOMBS[sys.argv[1]]
    said: dict[str, object]
    with LoaderPool(1) as pool:
        pool.load(b"The worker starts while this process is small: it inherits the peak.")
        data = bomb.build()
        try:
            document = pool.load(data, name=bomb.name)
            said = {"error": None, "is_clean": not bomb.hides or bomb.hides not in document.text}
        except LoadError as error:
            said = {"error": type(error).__name__, "reason": str(error), "is_clean": True}
        pool.load(b"The pool goes on, and the last file's process has ended.")
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    peak = used.ru_maxrss * (1 if sys.platform == "darwin" else 1_024)
    print(json.dumps(said | {"peak_bytes": peak, "cpu_s": used.ru_utime + used.ru_stime, "bytes": len(data)}))  # noqa: T201


if __name__ == "__main__":
    main()
