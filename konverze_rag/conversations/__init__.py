"""Sealed conversation turns: stored, read, rated, counted, checked, and ended by retention or by erasure."""

from __future__ import annotations

from konverze_rag.conversations.ending import CitingTurns, PurgedTurns, VisitorErasure
from konverze_rag.conversations.feedback import checked_feedback, checked_turn
from konverze_rag.conversations.insights import insights_of
from konverze_rag.conversations.names import checked_name, kept_from
from konverze_rag.conversations.reading import TurnSelection
from konverze_rag.conversations.store import Conversations
from konverze_rag.conversations.turn import ErasedTurn, Turn

__all__ = [
    "CitingTurns",
    "Conversations",
    "ErasedTurn",
    "PurgedTurns",
    "Turn",
    "TurnSelection",
    "VisitorErasure",
    "checked_feedback",
    "checked_name",
    "checked_turn",
    "insights_of",
    "kept_from",
]
