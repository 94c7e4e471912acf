"""An answer in the making: what each stage hands to the next."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import datetime

from konverze_core.answers import Timings, Usage
from konverze_core.protocols import Message
from konverze_core.retrieval import Hit
from konverze_rag.privacy import Privacy
from konverze_rag.questions import Question
from konverze_rag.settings import Settings
from konverze_rag.telemetry import AskTrace


@dataclass(slots=True)
class Draft:
    """An answer in the making.

    Attributes:
        question: What is asked.
        settings: The tenant's, for all of it.
        asked_at: UTC.
        started: On the scale of `time.perf_counter`.
        privacy: What stays here of what goes out.
        trace: What is told of it.
        history: The latest turns, oldest first.
        earlier: What was asked before these, oldest first.
        standalone: The question that is searched.
        hits: What was found, best first.
        degraded: What failed so far; None where nothing did.
        usage: Tokens so far.
        marks: Milliseconds by stage.
    """

    question: Question
    settings: Settings
    asked_at: datetime
    started: float
    privacy: Privacy
    trace: AskTrace
    history: tuple[Message, ...] = ()
    earlier: tuple[str, ...] = ()
    standalone: str = ""
    hits: tuple[Hit, ...] = ()
    degraded: str | None = None
    usage: Usage = field(default_factory=Usage)
    marks: dict[str, float] = field(default_factory=dict[str, float])

    def mark(self, stage: str, since: float) -> float:
        """Notes how long a stage took; returns the time at its end."""
        now = time.perf_counter()
        self.marks[f"{stage}_ms"] = self.marks.get(f"{stage}_ms", 0.0) + (now - since) * 1000
        self.trace.stage(stage, now - since)
        return now

    def took(self, usage: Usage) -> None:
        """Notes what a model took."""
        self.usage += usage

    def timings(self) -> Timings:
        """Milliseconds by stage, up to now."""
        return Timings(**self.marks, total_ms=(time.perf_counter() - self.started) * 1000)

    @property
    def remaining_s(self) -> float:
        """Time left for the answer."""
        return self.settings.answer_deadline_s - (time.perf_counter() - self.started)
