"""How fast are chunkers beside the tokenizer alone, and do the answers to questions stand whole inside one chunk?"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

import konverze_rag as kr
from benchmarks.measuring import save
from benchmarks.quality import SETS
from benchmarks.ratios import REPETITIONS, Row, Watched, as_json
from konverze_core.fakes import HashingEmbedder
from konverze_core.protocols import Embedder, Vectors
from konverze_loaders import Chunker
from konverze_loaders.chunkers.chunking import CountTokens
from konverze_rag.chunkers import chunker_of
from konverze_rag.providers.tiktoken_offline import CL100K, TokenCounter

QUESTION = "chunking"
TEXTS = {"English": "xquad_en", "Hindi": "xquad_hi_dev"}
BUDGETS = (128, 256, 512)
CHUNKERS = ("tokens", "sentences", "parents", "rows", "semantic")
WHOLE_GOAL = 0.995
SPEED_GOAL = 0.6
"""Of the tokenizer's alone, in processor time, for the default chunker."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """Paragraphs of one title as a document.

    Attributes:
        document: Made of them.
        answers: Where the answers to its questions stand.
    """

    document: kr.Document
    answers: tuple[kr.Span, ...]


class Counted:
    """An embedder whose tokens another tokenizer counts, and which embeds no text twice.

    Args:
        embedder: Embeds.
        count: Counts tokens.
    """

    def __init__(self, embedder: Embedder, count: CountTokens) -> None:
        self._embedder = embedder
        self._count = count
        self._known: dict[str, Vectors] = {}

    @property
    def info(self) -> kr.EmbedderInfo:
        """The embedder's, for chunks of all budgets."""
        return kr.EmbedderInfo(name="counted", dim=self._embedder.info.dim, max_tokens=max(BUDGETS))

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text."""
        return self._count(texts)

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, float32, shape (len(texts), dim)."""
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        if new:
            self._known.update(zip(new, self._embedder.embed_documents(new), strict=True))
        return np.array([self._known[text] for text in texts])

    embed_queries = embed_documents


def run() -> list[Row]:
    """One row a chunker and budget; empty where the question sets are not at hand."""
    if not all((SETS / name / "corpus.jsonl").exists() for name in TEXTS.values()):
        print(f"no {' and '.join(TEXTS.values())} in {SETS}: nothing measured")
        return []
    texts = {language: _articles(SETS / name) for language, name in TEXTS.items()}
    settings = kr.Settings(embeddings="local", openai_api_key=None, openai_base_url=None)
    with tempfile.TemporaryDirectory() as data, kr.Engine.open(data, settings=settings) as engine:
        assert engine.embedder is not None
        e5 = Counted(engine.embedder, engine.embedder.count_tokens)
        rows = [_row(chunker, budget, texts, e5) for chunker in CHUNKERS for budget in BUDGETS]
    save(QUESTION, [as_json(row) for row in rows])
    return rows


def _row(chunker: str, budget: int, texts: dict[str, list[Article]], e5: Counted) -> Row:
    settings = kr.Settings(chunker=chunker, chunk_tokens=budget, openai_api_key=None, openai_base_url=None)  # pyright: ignore[reportArgumentType]
    is_default = chunker == CHUNKERS[0]
    row: Row = {"chunker": chunker, "tokens": budget}
    row |= _spans(settings, texts["English"], e5, goal=WHOLE_GOAL if is_default else None)
    counters: dict[str, CountTokens] = {"e5": e5.count_tokens, "cl100k": TokenCounter(CL100K).count_many}
    for language, articles in texts.items():
        for name, count in counters.items():
            # Embedding would take a hundred times as long as all the rest: its vectors cost nothing here.
            embedder = Counted(HashingEmbedder(), count)
            make = partial(chunker_of, settings, embedder, count)
            quotients = _speeds(_long(articles), make, count)
            goal = SPEED_GOAL if is_default else None
            row[f"{language}, / {name}"] = Watched.of(quotients, goal=goal, higher_is_better=True)
    return row


def _articles(folder: Path) -> list[Article]:
    paragraphs = [json.loads(line) for line in (folder / "corpus.jsonl").read_text("utf-8").splitlines()]
    questions = [json.loads(line) for line in (folder / "queries.jsonl").read_text("utf-8").splitlines()]
    return [_article(title, list(rows), questions) for title, rows in groupby(paragraphs, lambda row: row["title"])]


def _article(title: str, paragraphs: Sequence[dict[str, Any]], questions: Sequence[dict[str, Any]]) -> Article:
    blocks: list[kr.Block] = []
    answers: list[kr.Span] = []
    start = 0
    for paragraph in paragraphs:
        end = start + len(paragraph["text"])
        blocks.append(kr.Block(kind=kr.BlockKind.PARAGRAPH, span=kr.Span(start, end)))
        for question in questions:
            if question["relevant"] == [paragraph["id"]]:
                first = start + question["answer_start"]
                answers.append(kr.Span(first, first + len(question["answers"][0])))
        start = end + 2
    text = "\n\n".join(paragraph["text"] for paragraph in paragraphs)
    metadata = {"format": "text", "title": title.replace("_", " ")}
    return Article(document=kr.Document(text=text, blocks=tuple(blocks), metadata=metadata), answers=tuple(answers))


def _spans(settings: kr.Settings, articles: Sequence[Article], embedder: Counted, *, goal: float | None) -> Row:
    """Shares of the answers that stand whole inside one chunk, and inside what is answered from."""
    chunker = chunker_of(settings, embedder, embedder.count_tokens)
    chunks, asked, whole, answered = 0, 0, 0, 0
    tokens: list[int] = []
    for article in articles:
        cut = chunker.chunk(article.document, "d")
        spans = [chunk.span for chunk in cut if chunk.span is not None]
        parents = [chunk.parent or chunk.span for chunk in cut if chunk.span is not None]
        chunks += len(cut)
        tokens += embedder.count_tokens([chunk.searchable_text for chunk in cut])
        asked += len(article.answers)
        whole += sum(_is_inside(answer, spans) for answer in article.answers)
        answered += sum(_is_inside(answer, [span for span in parents if span]) for answer in article.answers)
    assert max(tokens) <= settings.chunk_tokens
    return {
        "chunks": chunks,
        "mean tokens": float(np.mean(tokens)),
        "answers whole": Watched.share(whole / asked, goal=goal),
        "in their parents": Watched.share(answered / asked),
    }


def _is_inside(answer: kr.Span, spans: Sequence[kr.Span]) -> bool:
    return any(span.start <= answer.start and answer.end <= span.end for span in spans)


def _long(articles: Sequence[Article]) -> kr.Document:
    """All articles as one document, each under its title."""
    blocks: list[kr.Block] = []
    parts: list[str] = []
    start = 0
    for article in articles:
        title = str(article.document.metadata["title"])
        blocks.append(kr.Block(kind=kr.BlockKind.HEADING, span=kr.Span(start, start + len(title)), level=1))
        start += len(title) + 2
        spans = [block.span for block in article.document.blocks]
        moved = [kr.Span(start + span.start, start + span.end) for span in spans]
        blocks += [kr.Block(kind=kr.BlockKind.PARAGRAPH, span=span) for span in moved]
        parts += [title, article.document.text]
        start += len(article.document.text) + 2
    return kr.Document(text="\n\n".join(parts), blocks=tuple(blocks))


def _speeds(document: kr.Document, make: Callable[[], Chunker], count: CountTokens) -> list[float]:
    """The chunker's speed as a share of the tokenizer's over the same paragraphs, in processor time."""
    texts = [document.text[block.span.start : block.span.end] for block in document.blocks]
    chunker = make()
    quotients: list[float] = []
    for turn in range(-1, REPETITIONS):
        alone, ours = _cpu_s(lambda: count(texts)), _cpu_s(lambda: chunker.chunk(document, "d"))
        if turn >= 0:
            quotients.append(alone / ours)
    return quotients


def _cpu_s(call: Callable[[], object]) -> float:
    """Processor time of the best of three calls."""
    best = float("inf")
    for _ in range(3):
        started = time.process_time()
        call()
        best = min(best, time.process_time() - started)
    return best
