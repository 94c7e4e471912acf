"""Scores to hold later evaluations to, as a file that may lie in a repository, and the gate that does so.

The file is JSON, UTF-8, with these fields; it holds no text of questions, documents or answers::

    format        1
    version       of the library that measured
    set           name of the question set
    digest        of all that is known of its questions, SHA-256 in hexadecimal digits
    questions     ids, in order
    k             hits of each search
    candidate     what differed from how the tenant is served, by name
    generation    of the tenant's index
    evaluated_at  UTC, ISO 8601
    scores        by metric, one a question, null where it is not judged
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Self

import msgspec
import numpy as np
from msgspec import Struct

from konverze_core.errors import ConfigError
from konverze_rag.tuning.measuring.evaluation import Evaluation, Scores, mean_of, scores_by
from konverze_rag.tuning.measuring.statistics import Difference, difference
from konverze_rag.version import __version__

MAX_FILE_BYTES = 256 << 20
"""Largest file that is read as a baseline."""

DOUBT = 0.01
"""A drop is beyond doubt where luck alone makes one as large in fewer cases than this."""


class _File(Struct, kw_only=True, forbid_unknown_fields=True):
    format: Literal[1] = 1
    version: str
    set: str
    digest: str
    questions: list[str]
    k: int
    candidate: dict[str, Any]
    generation: int
    evaluated_at: datetime
    scores: dict[str, list[float | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """What an evaluation scored, without a word of what was asked and found.

    Attributes:
        set_name: Of the questions.
        digest: Of the question set.
        ids: Of the questions, in order.
        scores: By metric, such as `recall@5`.
        k: Hits of each search.
        changes: What differed from how the tenant was served, by name.
        generation: Of the tenant's index.
        evaluated_at: UTC.
        version: Of the library that measured.
    """

    set_name: str
    digest: str
    ids: tuple[str, ...]
    scores: Mapping[str, Scores]
    k: int
    changes: Mapping[str, Any]
    generation: int
    evaluated_at: datetime
    version: str = __version__

    @classmethod
    def of(cls, evaluation: Evaluation) -> Self:
        """The scores of an evaluation."""
        return cls(
            set_name=evaluation.questions.name,
            digest=evaluation.questions.digest,
            ids=tuple(question.id for question in evaluation.questions),
            scores=evaluation.scores,
            k=evaluation.k,
            changes=evaluation.candidate.changes,
            generation=evaluation.generation,
            evaluated_at=evaluation.evaluated_at,
        )

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Self:
        """Reads what `write` has written.

        Raises:
            ConfigError: The file cannot be read, or is no baseline of this format.
        """
        place = Path(path)
        try:
            if place.stat().st_size > MAX_FILE_BYTES:
                raise ConfigError(f"{place.name}: is larger than {MAX_FILE_BYTES >> 20} MiB, and no baseline")
            found = msgspec.json.decode(place.read_bytes(), type=_File)
        except OSError as exc:
            raise ConfigError(f"{place}: cannot be read ({exc.strerror})") from exc
        except (msgspec.MsgspecError, UnicodeDecodeError) as exc:
            raise ConfigError(f"{place.name}: is no baseline of this format: {exc}") from exc
        if any(len(scores) != len(found.questions) for scores in found.scores.values()):
            raise ConfigError(f"{place.name}: has not one score a question; write it anew")
        return cls(
            set_name=found.set,
            digest=found.digest,
            ids=tuple(found.questions),
            scores={name: np.array(scores, np.float64) for name, scores in found.scores.items()},  # None becomes NaN
            k=found.k,
            changes=found.candidate,
            generation=found.generation,
            evaluated_at=found.evaluated_at,
            version=found.version,
        )

    def write(self, path: str | os.PathLike[str]) -> None:
        """Writes the file, in place of what stands there.

        Raises:
            ConfigError: The file cannot be written.
        """
        content = _File(
            version=self.version,
            set=self.set_name,
            digest=self.digest,
            questions=list(self.ids),
            k=self.k,
            candidate=dict(self.changes),
            generation=self.generation,
            evaluated_at=self.evaluated_at,
            scores={name: scores.tolist() for name, scores in self.scores.items()},  # NaN is written as null
        )
        try:
            Path(path).write_bytes(msgspec.json.format(msgspec.json.encode(content, enc_hook=str), indent=1) + b"\n")
        except OSError as exc:
            raise ConfigError(f"{path}: cannot be written ({exc.strerror})") from exc


@dataclass(frozen=True, slots=True, kw_only=True)
class Regression:
    """A metric that has dropped by more than is allowed, beyond doubt.

    Attributes:
        metric: Which.
        before: Mean of the baseline.
        after: Mean of the evaluation.
        difference: Of the questions' scores, paired.
    """

    metric: str
    before: float
    after: float
    difference: Difference


def regressions(
    baseline: Baseline, evaluation: Evaluation, metrics: Iterable[str], max_drop: float
) -> tuple[Regression, ...]:
    """The metrics whose mean has dropped by more than is allowed, and not by luck; empty where all is well.

    A small set can tell no small drop from luck: at least eight questions must have lost, and none won.

    Args:
        baseline: What was scored before.
        evaluation: What is scored now, on the same questions.
        metrics: What to look at.
        max_drop: Of a mean that is allowed; 0 or more.

    Raises:
        ConfigError: The baseline is of other questions, another k or lacks a metric, no question is judged by one, or
            `max_drop` is below 0.
    """
    if not max_drop >= 0:
        raise ConfigError("max_drop is what a mean may lose: 0 or more, such as 0.02")
    if baseline.digest != evaluation.questions.digest:
        raise ConfigError("the baseline is of other questions, or their answers have changed: write it anew")
    if baseline.k != evaluation.k:
        raise ConfigError(f"the baseline was measured with k={baseline.k}, and this with k={evaluation.k}")
    found = [_compared(baseline, evaluation, metric) for metric in dict.fromkeys(metrics)]
    return tuple(one for one in found if one.difference.mean < -max_drop and one.difference.p_value < DOUBT)


def _compared(baseline: Baseline, evaluation: Evaluation, metric: str) -> Regression:
    before, after = scores_by(baseline.scores, metric), evaluation.scores_by(metric)
    found = difference(before, after)
    if not found.count:
        raise ConfigError("no question is judged by this metric: look at another")
    return Regression(metric=metric, before=mean_of(before), after=mean_of(after), difference=found)
