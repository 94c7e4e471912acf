"""What loader and chunker make of a file, without indexing it: for people who tune (ADR 0021)."""

from konverze_rag.inspecting.inspection import InspectedPage, Inspection
from konverze_rag.inspecting.inspector import Inspector, inspect_file

__all__ = ["InspectedPage", "Inspection", "Inspector", "inspect_file"]
