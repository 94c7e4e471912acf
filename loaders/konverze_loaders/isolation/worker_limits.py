"""What one file may take of the machine while a worker reads it. Every limit can be raised; none by a file."""

from __future__ import annotations

from dataclasses import dataclass

from konverze_loaders.limits import check_positive

MAX_CPU_S = 20
MAX_CPU_S_PER_MB = 10
MAX_WAITING_S = 300
MAX_MEMORY_BYTES = 512 << 20
MAX_OUTPUT_BYTES = 64 << 20
MAX_OPEN_FILES = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerLimits:
    """What one file may take of the machine while it is read in a worker.

    Attributes:
        max_cpu_s: Seconds of computing, of any file.
        max_cpu_s_per_mb: Seconds of computing on top, for each megabyte (1,000,000 bytes) of the file.
        max_waiting_s: Seconds on the clock beyond those of computing: what a hang takes that computes nothing.
        max_memory_bytes: Memory beside what a worker has when it has started, the file itself included.
        max_output_bytes: Length of the document with its structure, as the worker sends it. Decoded, one that was
            made to be large takes six to seven times as much.
        max_open_files: Descriptors, with the few that a worker has.

    Raises:
        ConfigError: A limit is below 1.
    """

    max_cpu_s: int = MAX_CPU_S
    max_cpu_s_per_mb: int = MAX_CPU_S_PER_MB
    max_waiting_s: int = MAX_WAITING_S
    max_memory_bytes: int = MAX_MEMORY_BYTES
    max_output_bytes: int = MAX_OUTPUT_BYTES
    max_open_files: int = MAX_OPEN_FILES

    def __post_init__(self) -> None:
        check_positive(self)

    def cpu_s(self, file_bytes: int) -> int:
        """Seconds of computing that a file of that length may take."""
        return self.max_cpu_s + self.max_cpu_s_per_mb * file_bytes // 1_000_000
