"""How a writer waits after another one was faster."""

from __future__ import annotations

import random
import time

FIRST_PAUSE_S = 0.002
MAX_PAUSE_S = 0.2


def pause(tries: int) -> None:
    """Sleeps for a random time, so that writers spread; its bound doubles with each try, from the first to the longest.

    Args:
        tries: Tries before this one.
    """
    time.sleep(random.uniform(0, min(MAX_PAUSE_S, FIRST_PAUSE_S * 2**tries)))  # noqa: S311 (no secret hangs on it)
