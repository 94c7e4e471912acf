"""What a tenant's turns tell together: one walk over them, in bounded memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from konverze_core.conversations import CitedDocument, ConversationTurn, Insights
from konverze_rag.conversations.question_groups import QuestionGroups

MAX_CITED = 100
"""Cited documents that are told."""


def insights_of(turns: Iterable[ConversationTurn]) -> Insights:
    """Counts turns as they come; keeps a hash of each name, and no text but an example of each group.

    Args:
        turns: In any order.
    """
    tally = _Tally()
    for turn in turns:
        tally.add(turn)
    return tally.told()


class _Tally:
    """The counts so far."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._conversations: set[int] = set()
        self._visitors: set[int] = set()
        self._unanswered = QuestionGroups()
        self._cited: Counter[str] = Counter()
        self._latencies: Counter[float] = Counter()
        self._cost = 0.0

    def add(self, turn: ConversationTurn) -> None:
        """Takes up a turn."""
        self._counts["turns"] += 1
        self._counts["degraded"] += turn.degraded is not None
        self._conversations.add(hash(turn.conversation))
        if turn.visitor is not None:
            self._visitors.add(hash(turn.visitor))
        if turn.refused:
            self._counts["refused"] += 1
            self._unanswered.add(turn.question, turn.asked_at)
        self._cited.update({citation.document_id for citation in turn.citations})
        self._latencies[float(f"{turn.total_ms:.3g}")] += 1
        if turn.feedback is not None:
            self._counts["helpful" if turn.feedback.helpful else "unhelpful"] += 1
        self._add_usage(turn)

    def _add_usage(self, turn: ConversationTurn) -> None:
        usage = turn.usage
        self._counts["input_tokens"] += usage.input_tokens
        self._counts["output_tokens"] += usage.output_tokens
        self._counts["unpriced"] += usage.cost is None and usage.input_tokens + usage.output_tokens > 0
        self._cost += usage.cost or 0.0

    def told(self) -> Insights:
        """The sums."""
        unanswered, left_out = self._unanswered.told()
        cited = sorted(self._cited.items(), key=lambda item: (-item[1], item[0]))
        return Insights(
            turns=self._counts["turns"],
            conversations=len(self._conversations),
            visitors=len(self._visitors),
            refused=self._counts["refused"],
            degraded=self._counts["degraded"],
            unanswered=unanswered,
            unanswered_left_out=left_out,
            cited=tuple(CitedDocument(document_id=name, turns=count) for name, count in cited[:MAX_CITED]),
            cited_left_out=len(cited[MAX_CITED:]),
            latency_p50_ms=self._latency_ms(0.5),
            latency_p99_ms=self._latency_ms(0.99),
            input_tokens=self._counts["input_tokens"],
            output_tokens=self._counts["output_tokens"],
            cost=self._cost,
            unpriced=self._counts["unpriced"],
            helpful=self._counts["helpful"],
            unhelpful=self._counts["unhelpful"],
        )

    def _latency_ms(self, share: float) -> float:
        """What this share of the turns took at most; of the values as they were, rounded to three figures."""
        wanted, seen = share * self._counts["turns"], 0
        for latency_ms, count in sorted(self._latencies.items()):
            seen += count
            if seen >= wanted:
                return latency_ms
        return 0.0
