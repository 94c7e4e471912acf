"""What becomes of real files, how much of a known text is found, and how fast are PDFs? `python -m benchmarks.loading`.

The folder holds files by kind (`pdf/`, `docx/`, …) and `pairs/`, whose `PAIRS.tsv` names files and the texts that are
expected of them; `MANIFEST.tsv` tells encodings. None of it is part of the repository.
"""

from __future__ import annotations

import argparse
import csv
import importlib
import logging
import subprocess
import sys
import time
import unicodedata
import warnings
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pypdfium2  # pyright: ignore[reportMissingTypeStubs]

from benchmarks.measuring import STATUS, interleaved, machine, median
from benchmarks.ratios import Row
from benchmarks.report import table
from konverze_core.errors import KonverzeError, NoTextError
from konverze_loaders import TokenWindowChunker, load
from konverze_loaders.encoding import decode_as
from konverze_loaders.normalise import normalise
from konverze_rag.providers.tiktoken_offline import CL100K, TokenCounter

RECALL_GOAL = 0.98
LONG_PAGES = 10
ROUNDS = 5
MANY_PAGES = 2_000
LANGCHAIN_GOAL = 8.0
BARE_GOAL = 0.4
MEMORY_GOAL_MB = 400
_BARE, _OURS, _CHUNKED, _LANGCHAIN = "bare PDFium", "load", "load and chunk", "LangChain"


def outcomes(folder: Path) -> list[Row]:
    """One row a kind of file: what `load` says of it, and the most that one took."""
    rows: list[Row] = []
    for kind in sorted(path for path in folder.iterdir() if path.is_dir() and path.name != "pairs"):
        said: Counter[str] = Counter()
        slowest, longest_s = "", 0.0
        for path in sorted(kind.iterdir()):
            started = time.process_time()
            said[_outcome(path)] += 1
            if (spent_s := time.process_time() - started) > longest_s:
                slowest, longest_s = path.name, spent_s
        rows.append(
            {
                "kind": kind.name,
                "files": said.total(),
                "outcomes": ", ".join(f"{name} {count}" for name, count in said.most_common()),
                "most CPU, s": longest_s,
                "of": slowest[:40],
            }
        )
    return rows


def _outcome(path: Path) -> str:
    try:
        document = load(path)
    except KonverzeError as exc:
        return type(exc).__name__
    except Exception as exc:  # noqa: BLE001 - what is counted here
        return f"UNTYPED {type(exc).__name__}"
    return "text, parts unread" if document.unread else "text"


def recalls(folder: Path) -> list[Row]:
    """One row a pair: the share of the expected trigrams of characters that are found, blanks apart."""
    rows: list[Row] = []
    with (folder / "pairs" / "PAIRS.tsv").open(encoding="utf-8", newline="") as pairs:
        for pair in csv.DictReader(pairs, delimiter="\t"):
            expected = (folder / "pairs" / pair["expected"]).read_text("utf-8")
            if not expected.strip():
                continue
            try:
                document = load(folder / "pairs" / pair["file"])
            except NoTextError as exc:
                rows.append({"file": pair["file"], "said": str(exc).partition(": ")[2][:90], "recall": None})
                continue
            recall = _recall(document.text, expected)
            verdict = "some pages unread" if document.unread else "fine" if recall >= RECALL_GOAL else "FALSE FINE"
            rows.append({"file": pair["file"], "said": verdict, "recall": recall})
    return rows


def _recall(found: str, expected: str) -> float:
    trigrams, wanted = _trigrams(found), _trigrams(expected)
    return (trigrams & wanted).total() / max(wanted.total(), 1)


def _trigrams(text: str) -> Counter[str]:
    text = "".join(unicodedata.normalize("NFC", text).split())
    return Counter(text[place : place + 3] for place in range(len(text) - 2)) or Counter([text])


def encodings(folder: Path) -> list[Row]:
    """One row: how many texts of known encoding are read as they are, blanks apart, and which ones are not."""
    with (folder / "MANIFEST.tsv").open(encoding="utf-8", newline="") as manifest:
        known = [row for row in csv.DictReader(manifest, delimiter="\t") if row["encoding_truth"]]
    others: list[str] = []
    for row in known:
        path = folder / row["file"]
        expected = _in_its_encoding(path.read_bytes(), row["encoding_truth"])
        if expected is None:
            others.append(f"{path.name} (not compared)")
        elif "".join(load(path).text.split()) != "".join(normalise(expected.removeprefix("\ufeff")).split()):
            others.append(path.name)
    return [{"files": len(known), "read as they are": len(known) - len(others), "others": ", ".join(others)}]


def _in_its_encoding(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except LookupError:  # Python has no such codec; ours was written by the standard
        decoded = decode_as(data, encoding)
        return decoded and decoded.text


def speeds(folder: Path) -> list[Row]:
    """One row a long PDF and one for all: milliseconds of processor time a page, medians of interleaved rounds."""
    rows: list[Row] = []
    spent: Counter[str] = Counter()
    for path in sorted((folder / "pdf").glob("*.pdf")):
        pages = _pages(path)
        if pages < LONG_PAGES:
            continue
        try:
            runs = interleaved(_contestants(path), rounds=ROUNDS)
        except Exception:  # noqa: BLE001, S112 - damaged: LangChain's loader gives up
            continue
        taken = {name: median([one.cpu_ms for one in run]) for name, run in runs.items()}
        spent += Counter({**taken, "pages": pages})
        rows.append(_speed_row(path.name[:40], pages, taken))
    total = {name: value for name, value in spent.items() if name != "pages"}
    return [*rows, _speed_row("all", int(spent["pages"]), total)] if rows else []


def _speed_row(name: str, pages: int, taken_ms: Mapping[str, float]) -> Row:
    row: Row = {"file": name, "pages": pages}
    row |= {f"{contestant}, ms": taken / pages for contestant, taken in taken_ms.items()}
    row[f"of bare (≥ {BARE_GOAL})"] = taken_ms[_BARE] / taken_ms[_OURS]
    if _LANGCHAIN in taken_ms:
        row[f"× LangChain (≥ {LANGCHAIN_GOAL:.0f})"] = taken_ms[_LANGCHAIN] / taken_ms[_OURS]
        row["× LangChain, chunks, too"] = taken_ms[_LANGCHAIN] / taken_ms[_CHUNKED]
    return row


def _pages(path: Path) -> int:
    try:
        document = load(path)
    except KonverzeError:
        return 0
    return 0 if document.unread else len(document.pages)  # all contestants shall read the same


def _contestants(path: Path) -> dict[str, Callable[[int], object]]:
    chunker = TokenWindowChunker(TokenCounter(CL100K).count_many)
    contestants: dict[str, Callable[[int], object]] = {
        _BARE: lambda _: _bare(path),
        _OURS: lambda _: load(path),
        _CHUNKED: lambda _: chunker.chunk(load(path), "a"),
    }
    try:
        loaders: Any = importlib.import_module("langchain_community.document_loaders")
        splitters: Any = importlib.import_module("langchain_text_splitters")
    except ImportError:
        return contestants
    splitter = splitters.RecursiveCharacterTextSplitter(chunk_size=1_000, chunk_overlap=200)
    contestants[_LANGCHAIN] = lambda _: splitter.split_documents(loaders.PyPDFLoader(str(path)).load())
    return contestants


def _bare(path: Path) -> None:
    document: Any = pypdfium2.PdfDocument(path)
    for page in document:
        text = page.get_textpage()
        text.get_text_range()
        text.close()
        page.close()
    document.close()


def memory(_folder: Path) -> list[Row]:
    """Peak memory of a process that reads one PDF of many pages, beside that of one that reads a single page."""
    command = [sys.executable, "-m", "benchmarks.loading", "--peak"]
    one, many = (
        int(subprocess.run([*command, str(pages)], capture_output=True, check=True).stdout)  # noqa: S603
        for pages in (1, MANY_PAGES)
    )
    return [{"pages": MANY_PAGES, f"peak, MB (≤ {MEMORY_GOAL_MB})": many, "of a single page": one}]


def _peak(pages: int) -> int:
    load(_long_pdf(pages))
    return int(STATUS.read_text("ascii").partition("VmHWM:")[2].split()[0]) >> 10


def _long_pdf(pages: int) -> bytes:
    """Pages of forty lines, each of which no other page has."""
    from tests.loaders.pdf_bytes import pdf, prose  # noqa: PLC0415 - the only test code that a question needs

    return pdf(
        *(
            prose([f"Line {line} of page {page} says that {page * line} parts are in stock" for line in range(40)])
            for page in range(pages)
        )
    )


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.loading", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=Path(__file__).parents[2] / "shared/data/files")
    parser.add_argument("--peak", type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    if asked.peak:
        print(_peak(asked.peak))
        return
    print(", ".join(f"{name} {value}" for name, value in machine().items()))
    for question in (outcomes, recalls, encodings, speeds, memory):
        print(f"\n## {question.__name__}\n\n{table(question(asked.folder))}", flush=True)


if __name__ == "__main__":
    main()
