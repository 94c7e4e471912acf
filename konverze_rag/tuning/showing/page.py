"""An HTML page in one file: its frame, and the parts that reports of tuning are made of."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Sequence
from html import escape
from importlib.resources import files
from io import BytesIO
from typing import TYPE_CHECKING, Any

from konverze_core.retrieval import Hit
from konverze_rag.tuning.measuring.scoring import finds
from konverze_rag.tuning.questions.question import Question
from konverze_rag.tuning.showing.highlighting import answering, marked

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SHOWN_HITS = 5
"""Of a question."""

HIT_CHARS = 700
"""Of a hit's text, and of an answer's."""

PICTURE_DPI = 160
"""Pixels an inch of a picture: more than an ordinary screen has, for those that have more."""

_SCREEN_DPI = 96

# Questions and documents are strangers': whatever got into the page could neither run nor call anywhere.
_FRAME = """<!doctype html>
<html>
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<h1 dir=auto>{title}</h1>
<p class=facts dir=auto>{facts}</p>
{parts}</body>
</html>
"""


def page(title: str, facts: Sequence[str], parts: Iterable[str]) -> str:
    """The page, complete and self-contained.

    Args:
        title: Of the page.
        facts: Shown below the title.
        parts: HTML.
    """
    style = files("konverze_rag.tuning.showing").joinpath("page.css").read_text("utf-8")
    return _FRAME.format(title=escape(title), style=style, facts=escape(" · ".join(facts)), parts="".join(parts))


def section(title: str, *parts: str) -> str:
    """Parts, HTML, under a heading; nothing where there are none."""
    return f"<section>\n<h2>{escape(title)}</h2>\n{''.join(parts)}</section>\n" if any(parts) else ""


def note(text: str, *, kind: str = "note") -> str:
    """A line; none without a text."""
    return f'<p class="{kind}" dir=auto>{escape(text)}</p>\n' if text else ""


def table(head: Sequence[str], rows: Sequence[Sequence[object]], *, lead: frozenset[int] = frozenset()) -> str:
    """A table; numbers and what begins with one stand at the right.

    Args:
        head: Names of the columns.
        rows: As many cells each.
        lead: Places of the rows that stand out.
    """
    names = "".join(f"<th>{escape(name)}</th>" for name in head)
    lines = [
        f"<tr{' class=lead' if place in lead else ''}>{''.join(map(_cell, row))}</tr>\n"
        for place, row in enumerate(rows)
    ]
    return f"<div class=scroll><table>\n<tr>{names}</tr>\n{''.join(lines)}</table></div>\n"


def _cell(value: object) -> str:
    said = str(value)
    is_number = said[:1].isdigit() or said[:1] in {"+", "−", "–"}
    return f"<td{' class=n' if is_number else ' dir=auto'}>{escape(said)}</td>"


def picture(figure: Figure, said: str) -> str:
    """A figure as an image within the page.

    Args:
        figure: To be drawn.
        said: What it shows, for those who do not see it.
    """
    drawn = BytesIO()
    # Without the name of the program, equal pictures are equal bytes.
    metadata: dict[str, Any] = {"Software": None}
    figure.savefig(drawn, format="png", dpi=PICTURE_DPI, metadata=metadata)  # pyright: ignore[reportUnknownMemberType]
    width = round(figure.get_figwidth() * _SCREEN_DPI)
    data = b64encode(drawn.getvalue()).decode("ascii")
    return f'<figure><img width={width} alt="{escape(said)}" src="data:image/png;base64,{data}"></figure>\n'


def hit_list(question: Question, hits: Sequence[Hit]) -> str:
    """The first hits of a question, what answers it in `<mark>`."""
    items = [_hit(question, one, rank) for rank, one in enumerate(hits[:SHOWN_HITS], 1)]
    more = len(hits) - len(items)
    last = note(f"{more} more hit{'' if more == 1 else 's'}") if more else ""
    return f"<ol>\n{''.join(items)}</ol>\n{last}" if items else note("no hit")


def _hit(question: Question, hit: Hit, rank: int) -> str:
    chunk, grade = hit.chunk, _grade(question, hit)
    where = [
        f"score {hit.score:.4g}",
        *([chunk.heading] if chunk.heading else []),
        *([] if chunk.page is None else [f"page {chunk.page}"]),
        *([f"relevant, grade {grade}"] if grade else []),
    ]
    text = marked(chunk.text, answering(question, chunk), most_chars=HIT_CHARS)
    head = f"<b>{rank} · {escape(chunk.document_id)}</b> · {escape(' · '.join(where))}"
    return f"<li{' class=right' if grade else ''}><p dir=auto>{head}</p><div dir=auto>{text}</div></li>\n"


def _grade(question: Question, hit: Hit) -> int:
    """How well a hit answers by what the question is judged by; 0 for not."""
    found = [one.grade for one in question.passages if finds(hit.chunk, one)]
    return max(found, default=0) if question.passages else question.relevant.get(hit.chunk.document_id, 0)
