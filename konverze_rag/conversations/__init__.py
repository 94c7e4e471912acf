"""Sealed conversation turns: stored, read, checked, and ended by retention or by erasure of a visitor."""

from __future__ import annotations

from konverze_rag.conversations.ending import CitingTurns, PurgedTurns, VisitorErasure
from konverze_rag.conversations.names import checked_name, kept_from
from konverze_rag.conversations.store import Conversations
from konverze_rag.conversations.turn import ErasedTurn, Turn

__all__ = [
    "CitingTurns",
    "Conversations",
    "ErasedTurn",
    "PurgedTurns",
    "Turn",
    "VisitorErasure",
    "checked_name",
    "kept_from",
]
