"""Evaluations made by hand, for tests of what is done with them."""

from datetime import UTC, datetime

import numpy as np

from konverze_core.documents import Chunk
from konverze_core.retrieval import Hit
from konverze_rag.tuning.candidates import Candidate
from konverze_rag.tuning.measuring.evaluation import Evaluation
from konverze_rag.tuning.questions.question_set import Question, QuestionSet

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
ASKED = "what does a parrot cost"
SHOWN = "a parrot costs ninety rupees"


def chunk(document_id, text=SHOWN, *, ordinal=0, span=None):
    return Chunk(document_id=document_id, ordinal=ordinal, text=text, span=span)


def hits_of(*chunks):
    """Hits in this order; a text stands for a document of that id."""
    found = [chunk(one) if isinstance(one, str) else one for one in chunks]
    return tuple(Hit(chunk=one, score=1 / rank) for rank, one in enumerate(found, 1))


def question_set(count, *, name="shop"):
    questions = (Question(id=f"q{number}", text=f"{ASKED} {number}", relevant={"d": 1}) for number in range(count))
    return QuestionSet(name=name, questions=tuple(questions))


def evaluated(scores, *, questions=None, k=10, candidate=None):
    """An evaluation with these scores of `hit@5`; each question's only hit tells its number and its score."""
    scores = np.array(scores, np.float64)
    return Evaluation(
        questions=questions or question_set(len(scores)),
        candidate=candidate or Candidate(),
        k=k,
        scores={"hit@5": scores},
        latencies_ms=np.ones(len(scores)),
        hits=tuple(hits_of(chunk("d", f"{SHOWN} {score}")) for score in scores),
        chunks=3,
        generation=7,
        evaluated_at=NOON,
    )
