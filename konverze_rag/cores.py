"""How many threads compute at the same time."""

from __future__ import annotations

import os


def computing_threads() -> int:
    """One less than there are cores: one is the event loop's, and more threads would only fight for the interpreter."""
    return max(1, (os.cpu_count() or 1) - 1)
