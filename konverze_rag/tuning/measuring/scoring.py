"""Judges what a search found by what is known of the question.

- A question with *passages* is judged by them: a hit finds a passage that it shares enough with, each passage counts
  for the first hit that finds it, and one hit that finds several fills as many places of the ranking.
- Otherwise by its *relevant* documents: each document stands where its first hit stands among the distinct documents.
- `answer@k` needs *answers* alone.

What a question does not state, it is not judged by: its score is NaN.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import regex

from konverze_core.documents import Chunk
from konverze_core.retrieval import Hit
from konverze_rag.tuning.measuring.metrics import average_precision, hit, ndcg, recall, reciprocal_rank
from konverze_rag.tuning.questions.question import Passage, Question

KS = (1, 5, 10)
"""Places that the metrics look at."""

FOUND_SHARE = 0.5
"""Part of the shorter of a passage and a chunk that both have in common where the chunk finds the passage."""

METRICS: Mapping[str, Callable[[Sequence[int], Sequence[int], int], float]] = {
    "recall": recall,
    "hit": hit,
    "mrr": reciprocal_rank,
    "ndcg": ndcg,
    "map": average_precision,
}
"""Metrics of the ranking, by the names that `@k` is joined to."""

ANSWER = "answer"
"""Name of the metric that is 1 where a right answer's words stand in one of the first k hits, else 0."""

_NOT_JUDGED = float("nan")
_WORD = regex.compile(r"[\p{L}\p{M}\p{N}_]")  # combining marks too: vowel signs stand inside of Hindi words


def scores_of(question: Question, hits: Sequence[Hit], *, ks: Sequence[int] = KS) -> dict[str, float]:
    """The question's score by each metric, such as `recall@5`, `ndcg@10` or `answer@1`.

    Args:
        question: With what is known of it.
        hits: Best first.
        ks: Places to look at: distinct documents, or hits where passages or answers are looked for.

    Returns:
        0 to 1 each; NaN where the question is not judged by the metric.
    """
    grades = grades_of(question)
    places = _passage_places(question.passages, hits) if question.passages else _document_places(question, hits)
    scores: dict[str, float] = {}
    for k in ks:
        gains = [gain for place in places[:k] for gain in place]
        for name, metric in METRICS.items():
            scores[f"{name}@{k}"] = metric(gains, grades, max(k, len(gains))) if grades else _NOT_JUDGED
    rank = answer_rank(question.answers, hits)
    for k in ks:
        scores[f"{ANSWER}@{k}"] = float(0 < rank <= k) if question.answers else _NOT_JUDGED
    return scores


def grades_of(question: Question) -> list[int]:
    """Grades of all that is relevant: passages, or documents where it has none."""
    return [one.grade for one in question.passages] or list(question.relevant.values())


def answer_rank(answers: Sequence[str], hits: Sequence[Hit]) -> int:
    """Place, from 1, of the first hit whose text holds a right answer whole; 0 without any."""
    sought = [folded(answer) for answer in answers]
    if not sought:
        return 0
    texts = (folded(one.chunk.text) for one in hits)
    return next((rank for rank, text in enumerate(texts, 1) if any(holds_whole(text, one) for one in sought)), 0)


def finds(chunk: Chunk, passage: Passage) -> bool:
    """Whether a chunk shows a passage.

    Both have a span: they share half of the shorter one. Otherwise, the passage's text stands in the chunk's, or the
    chunk's in the passage's; a passage without a text is not found by a chunk without a span.
    """
    if chunk.document_id != passage.document_id:
        return False
    if chunk.span is not None and passage.span is not None:
        shared = min(chunk.span.end, passage.span.end) - max(chunk.span.start, passage.span.start)
        return shared > 0 and shared >= FOUND_SHARE * min(len(chunk.span), len(passage.span))
    text, sought = folded(chunk.text), folded(passage.text)
    return bool(text and sought) and (holds_whole(text, sought) or holds_whole(sought, text))


def folded(text: str) -> str:
    """The text in NFKC, without case, each run of white space as one space."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def holds_whole(text: str, words: str) -> bool:
    """Whether the words stand in the text, not as a part of longer ones; both folded."""
    start = text.find(words)
    while start >= 0:
        if not (_is_inside(text, start) or _is_inside(text, start + len(words))):
            return True
        start = text.find(words, start + 1)
    return False


def _is_inside(text: str, place: int) -> bool:
    """Whether a word goes on over this place."""
    return 0 < place < len(text) and all(map(_WORD.match, text[place - 1 : place + 1]))


def _document_places(question: Question, hits: Sequence[Hit]) -> list[list[int]]:
    """The grade of each distinct document, in the order of their first hits."""
    return [[question.relevant.get(one, 0)] for one in dict.fromkeys(one.chunk.document_id for one in hits)]


def _passage_places(passages: Sequence[Passage], hits: Sequence[Hit]) -> list[list[int]]:
    """The grades of the passages that each hit is the first to find, best first; a single 0 where there is none."""
    missing = list(passages)
    places: list[list[int]] = []
    for one in hits:
        found = list(filter(partial(finds, one.chunk), missing))
        missing = [passage for passage in missing if passage not in found]
        places.append(sorted((passage.grade for passage in found), reverse=True) or [0])
    return places
