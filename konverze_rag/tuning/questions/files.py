"""Reads questions from JSON lines, CSV and DataFrames, and writes them as JSON lines.

A line of JSON has these fields; all but the question may be missing, and others are passed over, as is a line whose
question is blank, which nobody can ask::

    id            what tells it from the others; the line's number by default
    question      as a visitor asks it; `text` is the same
    relevant      ids of documents that answer it, as a list, or as an object of id and grade
    grades        object of id and grade, for a list in `relevant`
    passages      [{"document_id": …, "text": … or "span": [start, end], "grade": 1}]
    answers       list of texts, each by itself a right answer
    history       [[question, answer], …] or [{"question": …, "answer": …}, …], oldest first
    unanswerable  true where the documents do not answer it

CSV has the columns `id`, `question` (or `text`), `relevant` (ids separated by `|`, each with `:grade` or without; an id
that itself ends in a colon and a number needs its grade), `answers` (separated by `|`) and `unanswerable` (`true` or
`false`).
"""

from __future__ import annotations

import csv
import io
import math
import os
import re
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import msgspec
import numpy as np
from msgspec import Struct

from konverze_core.documents import Span
from konverze_core.errors import ConfigError, MissingExtraError
from konverze_rag.tuning.questions.question import Passage, Question

if TYPE_CHECKING:
    import pandas as pd

MAX_FILE_BYTES = 256 << 20
"""Largest file of questions."""

_SEPARATOR = "|"
_TRUTHS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_GRADED = re.compile(r"(.+):([0-9]{1,3})", re.DOTALL)
_MODE = 0o600


class _Passage(Struct, kw_only=True):
    document_id: str
    text: str = ""
    span: tuple[int, int] | None = None
    grade: int = 1


class _Turn(Struct):
    question: str
    answer: str


class _Line(Struct, kw_only=True):
    id: str | int = ""
    question: str | None = None
    text: str | None = None
    relevant: list[str] | dict[str, int] = []
    grades: dict[str, int] = {}
    passages: list[_Passage] = []
    answers: list[str] = []
    history: list[tuple[str, str] | _Turn] = []
    unanswerable: bool = False


def questions_of_jsonl(path: Path) -> tuple[Question, ...]:
    """The questions of a file, one a line; blank lines are passed over.

    Raises:
        ConfigError: The file cannot be read or is too large, or a line is no question; it names the line.
    """
    questions = _Numbered(path.name, "line")
    for number, line in enumerate(_text_of(path).split("\n"), 1):
        if line.strip():
            with questions.at(number):
                questions.take(msgspec.json.decode(line))
    return questions.taken


def questions_of_csv(path: Path) -> tuple[Question, ...]:
    """The questions of a table, one a row.

    Raises:
        ConfigError: The file cannot be read or is too large, it lacks the column, or a row is no question.
    """
    questions = _Numbered(path.name, "line")
    rows = csv.reader(io.StringIO(_text_of(path), newline=""), strict=True)
    columns: list[str] = []
    while True:
        with questions.at(rows.line_num + 1):
            if (row := next(rows, None)) is None:
                return questions.taken
            if not any(cell.strip() for cell in row):
                continue
            if columns:
                questions.take(_named(columns, row))
            else:
                columns = _columns(row)


def _columns(row: list[str]) -> list[str]:
    columns = [cell.strip() for cell in row]
    if not {"question", "text"} & set(columns):
        raise ConfigError("the first line names the columns, and question is one of them")
    if len(set(columns)) < len(columns):
        raise ConfigError("two columns have the same name")
    return columns


def _named(columns: list[str], row: list[str]) -> dict[str, object]:
    if len(row) > len(columns):
        raise ConfigError("the row has more cells than there are columns: quote cells that hold a comma")
    return {name: _cell(name, cell) for name, cell in zip(columns, row, strict=False) if cell.strip()}


def questions_of_frame(frame: pd.DataFrame) -> tuple[Question, ...]:
    """The questions of a DataFrame, one a row.

    Raises:
        ConfigError: It is no DataFrame, or a row is no question; it names the row.
        MissingExtraError: pandas is not installed.
    """
    try:
        import pandas as pd  # noqa: PLC0415 (an optional package)
    except ImportError as exc:
        raise MissingExtraError("a DataFrame needs pandas: pip install 'konverze-rag[tuning]'") from exc
    if not isinstance(frame, pd.DataFrame):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ConfigError(f"a frame is a pandas.DataFrame, not {type(frame).__name__}")
    questions = _Numbered("frame", "row")
    for number, row in enumerate(cast("list[dict[str, Any]]", frame.to_dict("records")), 1):
        with questions.at(number):
            cells = {name: value for name, value in row.items() if not _is_missing(value)}
            questions.take({str(name): _cell(str(name), value) for name, value in cells.items()})
    return questions.taken


def write_jsonl(path: Path, questions: Sequence[Question]) -> None:
    """Writes questions as JSON lines in a new file, mode 0600.

    Raises:
        ConfigError: Something stands there already, or the file cannot be written.
    """
    try:
        with open(path, "xb", opener=lambda name, flags: os.open(name, flags, _MODE)) as file:
            file.writelines(msgspec.json.encode(_stated(question)) + b"\n" for question in questions)
    except FileExistsError as exc:
        raise ConfigError(f"{path}: is there already, and nothing is overwritten: name another file") from exc
    except OSError as exc:
        raise ConfigError(f"{path}: cannot be written ({exc.strerror})") from exc


class _Numbered:
    """Questions as they are read, and where each was stated.

    Args:
        source: Where they are read from, for errors.
        unit: What its parts are called.
    """

    def __init__(self, source: str, unit: str) -> None:
        self._source, self._unit = source, unit
        self._number = 0
        self._numbers: dict[str, int] = {}
        self._questions: list[Question] = []

    @contextmanager
    def at(self, number: int) -> Generator[None]:
        """Errors within name the place, and never what stands there."""
        self._number = number
        try:
            yield
        except (msgspec.MsgspecError, csv.Error, ConfigError) as exc:
            raise ConfigError(f"{self._source}, {self._unit} {number}: {exc}") from exc

    @property
    def taken(self) -> tuple[Question, ...]:
        """The questions so far."""
        return tuple(self._questions)

    def take(self, row: object) -> None:
        """Adds the question that is stated here, if it asks anything."""
        question = _question(row, number=self._number)
        if question is None:
            return
        if (first := self._numbers.setdefault(question.id, self._number)) != self._number:
            raise ConfigError(f"the id is that of {self._unit} {first}: ids are unique")
        self._questions.append(question)


def _text_of(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise ConfigError(f"{path.name}: is larger than {MAX_FILE_BYTES >> 20} MiB: split it")
        content = path.read_bytes()
    except OSError as exc:
        raise ConfigError(f"{path}: cannot be read ({exc.strerror})") from exc
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        line = content[: exc.start].count(b"\n") + 1
    raise ConfigError(f"{path.name}, line {line}: is not UTF-8: save the file in that encoding")  # exc holds all of it


def _question(row: object, *, number: int) -> Question | None:
    """What a line states, with its number for an id where it has none; None where the question is blank."""
    if not isinstance(row, dict):
        raise ConfigError("a question is an object with named fields")
    fields = cast("dict[str, object]", row)
    line = msgspec.convert({name: value for name, value in fields.items() if value is not None}, _Line)
    text = line.text if line.question is None else line.question
    if text is None:
        raise ConfigError("there is no question: state it as question")
    if not text.strip():
        return None
    return Question(
        id=str(line.id) or str(number),
        text=text,
        relevant=_relevant(line),
        passages=tuple(
            Passage(document_id=one.document_id, text=one.text, span=one.span and Span(*one.span), grade=one.grade)
            for one in line.passages
        ),
        answers=tuple(line.answers),
        history=tuple((turn.question, turn.answer) if isinstance(turn, _Turn) else turn for turn in line.history),
        is_unanswerable=line.unanswerable,
    )


def _relevant(line: _Line) -> dict[str, int]:
    if isinstance(line.relevant, dict):
        if line.grades:
            raise ConfigError("relevant states grades, and so does grades: drop either")
        return line.relevant
    if line.relevant and not line.grades.keys() <= set(line.relevant):
        raise ConfigError("grades names a document that relevant does not")
    return {one: line.grades.get(one, 1) for one in line.relevant or line.grades}


def _cell(name: str, value: object) -> object:
    """The value of a field, as a line of JSON would state it."""
    if isinstance(value, np.ndarray | np.generic):
        return cast("object", value.tolist())
    if not isinstance(value, str):
        return value
    if name == "unanswerable":
        if (truth := _TRUTHS.get(value.strip().casefold())) is None:
            raise ConfigError("unanswerable is true or false")
        return truth
    if name not in {"relevant", "answers"}:
        return value
    parts = [part.strip() for part in value.split(_SEPARATOR) if part.strip()]
    return parts if name == "answers" else dict(map(_graded, parts))


def _graded(part: str) -> tuple[str, int]:
    found = _GRADED.fullmatch(part)
    return (found[1], int(found[2])) if found else (part, 1)


def _is_missing(value: object) -> bool:
    """Whether a cell is empty: None, NaN, pandas.NA or pandas.NaT."""
    is_nan = isinstance(value, float) and math.isnan(value)
    return value is None or is_nan or type(value).__name__ in {"NAType", "NaTType"}


def _stated(question: Question) -> Mapping[str, object]:
    """The fields of a line, without those that say nothing."""
    passages = [
        _known(document_id=one.document_id, text=one.text, span=one.span and (one.span.start, one.span.end))
        | {"grade": one.grade}
        for one in question.passages
    ]
    return {"id": question.id, "question": question.text} | _known(
        relevant=question.relevant,
        passages=passages,
        answers=question.answers,
        history=question.history,
        unanswerable=question.is_unanswerable,
    )


def _known(**fields: object) -> dict[str, object]:
    return {name: value for name, value in fields.items() if value}
