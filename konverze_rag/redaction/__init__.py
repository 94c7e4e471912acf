"""Personal data is replaced before a prompt leaves for a language model, and put back while the answer streams."""

from __future__ import annotations

from konverze_rag.redaction.identifiers import ALL_KINDS, Identifier, PersonalData, identifiers
from konverze_rag.redaction.redactor import Redactor, Restoration

__all__ = ["ALL_KINDS", "Identifier", "PersonalData", "Redactor", "Restoration", "identifiers"]
