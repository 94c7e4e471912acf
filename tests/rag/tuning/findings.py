"""Results as tuning finds them, made up: of any size, with questions in English and Hindi."""

from datetime import UTC, datetime

import numpy as np

import konverze_rag as kr
from konverze_core.retrieval import Explanation
from konverze_rag.tenant_settings import TenantSettings
from konverze_rag.tuning.candidates import Candidate
from konverze_rag.tuning.measuring.evaluation import AnswerEvaluation, Evaluation
from konverze_rag.tuning.questions.question_set import Question, QuestionSet
from konverze_rag.tuning.sweep import Sweep, Trial

AT = datetime(2026, 11, 30, 6, 30, tzinfo=UTC)
ASKED = (
    "How long is the warranty of the induction cooktop?",
    "रिफंड कितने दिनों में मिलता है?",
    "What does delivery to Pune cost below ₹500?",
    "दुकान रविवार को कब तक खुली रहती है?",
    "Can I return a gift card that I bought with store credit last month?",
    "क्या मैं क्षतिग्रस्त उत्पाद वापस कर सकता हूँ, और पैसे वापसी की प्रक्रिया क्या है?",
)
METRICS = ("recall@5", "ndcg@5", "recall@10", "hit@10", "mrr@10", "ndcg@10")


def question_set(count, *, name="shop", text="{}"):
    """Every third question is answered by document 0, and so on; texts go into the braces."""
    return QuestionSet(
        name=name,
        questions=tuple(
            Question(
                id=f"q{place:03}",
                text=text.format(f"{ASKED[place % len(ASKED)]} ({place})"),
                relevant={f"doc{place % 3}": 1},
                answers=(f"answer {place}",),
            )
            for place in range(count)
        ),
    )


def hit(document_id="doc0", text="Delivery takes two days.", *, score=0.5, dense_score=None, **facts):
    chunk = kr.Chunk(document_id=document_id, ordinal=0, text=text, **facts)
    return kr.Hit(chunk=chunk, score=score, explain=Explanation(dense_score=dense_score))


def scores(count, mean, *, seed=0):
    """Shares between 0 and 1 as rankings have them: many 0 and 1, and steps between."""
    draw = np.random.default_rng(seed)
    return np.clip(np.round(draw.normal(mean, 0.45, count) * 5) / 5, 0.0, 1.0)


def evaluation(count, *, mean=0.6, seed=0, candidate=None, questions=None, hits=None):
    questions = questions or question_set(count)
    found = tuple((hit(f"doc{place % 3}", f"The answer {place} stands here."), hit("doc9")) for place in range(count))
    return Evaluation(
        questions=questions,
        candidate=candidate or Candidate(),
        k=10,
        scores={name: scores(count, mean, seed=seed) for name in METRICS},
        latencies_ms=np.random.default_rng(seed).gamma(9.0, 0.5, count),
        hits=found if hits is None else hits,
        chunks=1234,
        generation=7,
        evaluated_at=AT,
    )


def trial(number, *, questions=120, changes=None, mean=None, slow=1.0, error=""):
    draw = np.random.default_rng(number)
    mean = draw.uniform(0.35, 0.7) if mean is None else mean
    measured = {} if error else {name: scores(questions, mean, seed=number) for name in METRICS}
    return Trial(
        number=number,
        candidate=Candidate(settings=TenantSettings(**(changes or {}))),
        scores=measured,
        latencies_ms=np.empty(0) if error else slow * draw.gamma(9.0, 0.4 + mean, questions),
        chunks=0 if error else 900 + number,
        error=error,
    )


def sweep(count, *, questions=120, name="shop", slowest=1.6):
    """Trial 0 as served, then `count` - 1 others that change two settings."""
    others = [
        trial(
            number,
            questions=questions,
            changes={"chunk_tokens": 64 * (1 + number % 8), "dense_weight": 0.1 * (number % 11)},
            slow=1 + (slowest - 1) * number / count,
        )
        for number in range(1, count)
    ]
    return Sweep(
        questions=question_set(questions, name=name),
        metric="ndcg@10",
        trials=(trial(0, questions=questions, mean=0.45), *others),
        generation=7,
        finished_at=AT,
    )


def answers(count, *, seed=0, threshold=0.83):
    """Half of the questions are unanswerable; nothing is found for these but words that say something else."""
    draw = np.random.default_rng(seed)
    asked = question_set(count).questions
    far = (np.arange(count) + np.arange(count) // len(ASKED)) % 2 == 1  # in both languages
    questions = QuestionSet(
        name="shop",
        questions=tuple(
            Question(id=one.id, text=one.text, is_unanswerable=True) if is_far else one
            for one, is_far in zip(asked, far, strict=True)
        ),
    )
    nearest = np.where(far, draw.normal(0.8, 0.02, count), draw.normal(0.87, 0.025, count))
    evidence = np.clip(np.where(far, draw.normal(0.3, 0.18, count), draw.normal(0.8, 0.2, count)), 0, 1)
    return AnswerEvaluation(
        questions=questions,
        candidate=Candidate(),
        scores={
            "citation_precision": np.where(far, np.nan, 1.0),
            "citation_recall": np.where(far, np.nan, 0.5),
            "answered": np.where(far, np.nan, 1.0),
            "degraded": np.zeros(count),
            "refused": (evidence < 0.5).astype(float),
            "evidence": evidence,
        },
        nearest=nearest,
        threshold=threshold,
        latencies_ms=draw.gamma(9.0, 40.0, count),
        input_tokens=draw.integers(900, 2000, count).astype(float),
        output_tokens=draw.integers(30, 200, count).astype(float),
        costs=np.full(count, np.nan),
        texts=tuple(f"It is answer {place} [1]." for place in range(count)),
        generation=7,
        evaluated_at=AT,
        searched=tuple(one.text for one in questions),
        hits=tuple(
            (hit(text="Fruit." if is_far else one.text, score=score, dense_score=score),)
            for one, is_far, score in zip(asked, far, nearest.tolist(), strict=True)
        ),
    )
