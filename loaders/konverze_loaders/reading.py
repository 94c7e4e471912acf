"""What a loader is told beside the bytes: which file this is, and what it may take."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from konverze_loaders.limits import LoadLimits


@dataclass(slots=True)
class _Expansion:
    """Bytes that an upload has unpacked to so far, with all the files inside it."""

    size_bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One file while it is read: an upload, or a file inside one.

    Attributes:
        source: Name of the file, for messages; of a file inside another `outer/inner`.
        limits: Limits of the load.
        password: Opens what is locked; None where the caller gave none.
        depth: In how many files this one lies.
    """

    source: str
    limits: LoadLimits = field(default_factory=LoadLimits)
    password: str | None = field(default=None, repr=False)
    depth: int = 0
    _expansion: _Expansion = field(default_factory=_Expansion, repr=False, compare=False)

    def check(self, limit: str, value: int) -> None:
        """Compares what the file needs with a limit.

        Args:
            limit: Name of a field of `LoadLimits`.
            value: What the file needs.

        Raises:
            LimitExceededError: The value is above the limit.
        """
        self.limits.check(limit, value, self.source)

    def expand(self, size_bytes: int) -> None:
        """Counts bytes that are about to be unpacked, of this file and of all that share its upload.

        Raises:
            LimitExceededError: More than `max_expanded_bytes`.
        """
        self._expansion.size_bytes += size_bytes
        self.check("max_expanded_bytes", self._expansion.size_bytes)

    def inner(self, name: str) -> Reading:
        """A file inside this one.

        Raises:
            LimitExceededError: Deeper than `max_nesting`.
        """
        inside = replace(self, source=f"{self.source}/{name}", depth=self.depth + 1)
        inside.check("max_nesting", inside.depth)
        return inside
