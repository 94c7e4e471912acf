"""What is measured: settings of a tenant, with the models and filters that no setting names."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from konverze_rag.tenant_settings import TenantSettings

AS_SERVED = ""
"""Name of the embedding model, the reranker and the filter that the tenant is served with today."""

NONE = "none"
"""Name of no embedding model, and of no reranker."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One way to serve a tenant.

    Attributes:
        settings: In place of the tenant's own, where they are not None.
        embedder: Name of an embedding model of the workbench; `AS_SERVED`, or `NONE` for an index without vectors.
        reranker: Name of a reranker of the workbench; `AS_SERVED`, or `NONE` for none.
        where: Name of a filter of the workbench, for all questions; `AS_SERVED` for none.
        stemming: Whether terms are stems; None for as the engine's settings say.
    """

    settings: TenantSettings = field(default_factory=TenantSettings)
    embedder: str = AS_SERVED
    reranker: str = AS_SERVED
    where: str = AS_SERVED
    stemming: bool | None = None

    @property
    def changes(self) -> dict[str, Any]:
        """What differs from how the tenant is served, by name, in order."""
        own = self.settings.model_dump(exclude_none=True)
        names = {name: getattr(self, name) for name in ("embedder", "reranker", "where") if getattr(self, name)}
        stems = {} if self.stemming is None else {"stemming": self.stemming}
        return {**own, **names, **stems}

    @property
    def label(self) -> str:
        """The changes in a line: `chunk_tokens=128, dense_weight=0.5`; `as served` without any."""
        return ", ".join(f"{name}={value}" for name, value in self.changes.items()) or "as served"

    @property
    def digest(self) -> str:
        """Hex digest over all changes."""
        stated = json.dumps(self.changes, sort_keys=True, ensure_ascii=True, default=str)
        return hashlib.sha256(stated.encode()).hexdigest()
