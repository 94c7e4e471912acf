"""`konverze demo`: two invented businesses, their questions, and a look at what lies on disk."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterator
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import numpy as np
import typer

from konverze_core.answers import Answer
from konverze_core.errors import ConfigError, IntegrityError
from konverze_loaders import load, split_sentences
from konverze_rag.cli import rendering
from konverze_rag.engine import Engine
from konverze_rag.settings import Settings
from konverze_rag.tenant import Tenant

SHORTEST_SENTENCE_BYTES = 24
"""Shorter sentences could stand in random bytes by chance."""

VECTOR_SAMPLE_BYTES = 32
"""Eight float32 of each vector are looked for."""

FLIPPED_AT = 1_000
"""Byte of the blob in which one bit is flipped."""


def demonstrate(data: Path | None) -> None:
    """Runs the demonstration.

    Args:
        data: Where the sealed data is kept; None for a directory that is thrown away.

    Raises:
        ConfigError: `data` holds something already.
        Exit: With status 1, when an answer or a check is not as it should be.
    """
    if data is not None and data.exists() and any(data.iterdir()):
        raise ConfigError(f"{data} is not empty: the demonstration wants a directory of its own")
    with tempfile.TemporaryDirectory() as folder, as_file(files("konverze_rag") / "demo_documents") as documents:
        root = data or Path(folder)
        settings = Settings(openai_api_key=None, openai_base_url=None, embeddings="local")
        failures = _ingest_and_ask(root, documents, settings)
        failures += _look_at_disk(root, documents, settings)
        failures += _flip_a_bit(root, settings)
    if failures:
        rendering.err.print(f"{failures} checks failed", style="bold red")
        raise typer.Exit(1)


def _title(text: str) -> None:
    rendering.out.print(f"\n{text}", style="bold")


def _verdict(is_right: bool, text: str) -> int:  # noqa: FBT001
    rendering.out.print(f"{'✓' if is_right else '✗'} {text}", style="green" if is_right else "bold red")
    return 0 if is_right else 1


def _tenant_folders(documents: Path) -> list[Path]:
    return sorted(path for path in documents.iterdir() if path.is_dir())


def _ingest_and_ask(root: Path, documents: Path, settings: Settings) -> int:
    with Engine.open(root, settings=settings) as engine:
        for folder in _tenant_folders(documents):
            _title(f"{folder.name} uploads {len(list(folder.iterdir()))} documents")
            started = time.perf_counter()
            with rendering.progress() as on_progress:
                report = engine.tenant(folder.name).ingest(sorted(folder.iterdir()), on_progress=on_progress)
            rendering.show_ingest(report, as_json=False)
            rendering.out.print(f"sealed and searchable after {time.perf_counter() - started:.1f} s")
        questions = json.loads((documents / "questions.json").read_text("utf-8"))
        return sum(_ask(engine.tenant(item["tenant"]), item) for item in questions)


def _ask(tenant: Tenant, item: dict[str, Any]) -> int:
    _title(f"{tenant.id} ({item['kind'].replace('_', ' ')}): {item['question']}")
    answer = tenant.ask(item["question"], conversation=item["conversation"])
    rendering.out.print(answer.text)
    for citation in answer.citations:
        rendering.show_citation(citation)
    wrong = _wrong(answer, item)
    return _verdict(not wrong, wrong or f"as expected, in {answer.timings.total_ms:.0f} ms")


def _wrong(answer: Answer, item: dict[str, Any]) -> str:
    """What is wrong with an answer; empty when it is right."""
    if item["expect_document"] is None:
        leaked = [word for word in item["forbid_words"] if word in answer.text]
        return f"leaked {leaked}" if leaked else "" if answer.refused and not answer.citations else "should be refused"
    missing = [word for word in item["expect_words"] if word not in answer.text]
    if missing:
        return f"lacks {missing}"
    cited = {citation.document_id for citation in answer.citations}
    return "" if item["expect_document"] in cited else f"does not cite {item['expect_document']}"


def _look_at_disk(root: Path, documents: Path, settings: Settings) -> int:
    _title("What lies on disk")
    with Engine.open(root, settings=settings) as engine:
        sentences = list(_sentences(documents))
        vectors = [sample for folder in _tenant_folders(documents) for sample in _vectors(engine.tenant(folder.name))]
    stored = [(path, path.read_bytes()) for path in sorted(root.rglob("*")) if path.is_file()]
    total = sum(len(data) for _, data in stored)
    rendering.out.print(f"{len(stored)} files, {total:,} bytes")
    leaks = sum(needle in data for _, data in stored for needle in (*sentences, *vectors))
    uploads = b"".join(path.read_bytes() for path in documents.rglob("*") if path.suffix in {".md", ".txt"})
    control = sum(needle in uploads for needle in sentences)
    return _verdict(control > 0, f"the search itself works: {control} sentences found in the plain uploads") + _verdict(
        not leaks, f"{len(sentences)} sentences and {len(vectors)} vectors looked for: {leaks} found"
    )


def _sentences(documents: Path) -> Iterator[bytes]:
    for folder in _tenant_folders(documents):
        for path in folder.iterdir():
            text = load(path).text
            for span in split_sentences(text):
                sentence = text[span.start : span.end].encode()
                if len(sentence) >= SHORTEST_SENTENCE_BYTES:
                    yield sentence


def _vectors(tenant: Tenant) -> Iterator[bytes]:
    for part in tenant.index.snapshot().segments:
        if part.segment.dense is not None:
            stored = part.segment.dense.vectors().astype(np.float16)  # as they lie in the sealed index
            yield from (vector.tobytes()[:VECTOR_SAMPLE_BYTES] for vector in stored)


def _flip_a_bit(root: Path, settings: Settings) -> int:
    _title("One bit is flipped")
    blob = max(root.rglob("*.hot"), key=lambda path: path.stat().st_size)
    intact = blob.read_bytes()
    blob.write_bytes(intact[:FLIPPED_AT] + bytes([intact[FLIPPED_AT] ^ 1]) + intact[FLIPPED_AT + 1 :])
    try:
        with Engine.open(root, settings=settings) as engine:
            for tenant_id in engine.tenants():
                engine.tenant(tenant_id)
    except IntegrityError as error:
        return _verdict(True, f"refused: {error}")
    finally:
        blob.write_bytes(intact)
    return _verdict(False, "the damaged index was opened")
