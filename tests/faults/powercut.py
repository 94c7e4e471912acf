"""What a power cut could take, judged by the order of an operation's system calls.

A kill loses nothing that the kernel holds, a power cut does: what was not synced may be gone, and in any order. So a
file has to be synced before it gets its name, a name before the next one rests on it, and all of them before the
operation is acknowledged.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import PurePosixPath

_WRITE = re.compile(r"\b(?:write|writev|pwrite64|pwritev2?|ftruncate|fallocate)\(\d+<(.+?)>,")
_SYNC = re.compile(r"\b(?:fsync|fdatasync)\(\d+<(.+?)>\) += 0")
_NAMING = re.compile(
    r'\b(?:linkat|renameat2?)\([^<]+<(.+?)>, "(.+?)", [^<]+<(.+?)>, "(.+?)"(?:, \w+)?\) += 0'
)  # from a folder and a name to a folder and a name
_CHANGE = re.compile(r'\b(?:mkdirat|unlinkat)\([^<]+<(.+?)>, "(.+?)", \w+\) += 0')

_UNFINISHED = ".tmp"  # files of this folder are of no use to anybody


@dataclass
class Disk:
    """Which files and folders hold what is not synced.

    Attributes:
        unsynced: Their paths.
        checked: How many names and acknowledgements were held to the rules.
        unsafe: Those that did not wait.
    """

    unsynced: set[str] = field(default_factory=set)
    checked: int = 0
    unsafe: list[str] = field(default_factory=list)

    @classmethod
    def after(cls, calls: Iterable[str]) -> Disk:
        """Follows the lines of strace (with `-y`) of an operation, and takes its end for an acknowledgement."""
        disk = cls()
        for line in calls:
            disk._follow(line)
        disk._check("the acknowledgement")
        return disk

    def _follow(self, line: str) -> None:
        if write := _WRITE.search(line):
            self.unsynced.add(write[1])
        elif sync := _SYNC.search(line):
            self.unsynced.discard(sync[1])
        elif naming := _NAMING.search(line):
            self._check(f"the name {naming[4]}")
            self.unsynced.add(naming[3])
        elif (change := _CHANGE.search(line)) and PurePosixPath(change[1]).name != _UNFINISHED:
            self.unsynced.discard(f"{change[1]}/{change[2]}")
            self.unsynced.add(change[1])

    def _check(self, step: str) -> None:
        self.checked += 1
        if self.unsynced:
            self.unsafe.append(f"{step} did not wait for {sorted(self.unsynced)}")
