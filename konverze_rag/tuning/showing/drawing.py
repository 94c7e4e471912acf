"""What all pictures of tuning share: a frame, colours, and words that stand where they can be read.

Colours are those of M. Okabe, K. Ito, "Color Universal Design" (2008), which readers tell apart however they see
colours. A label that no font has the letters of is said by an id or a number (`lettering`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from konverze_core.errors import MissingExtraError
from konverze_rag.tuning.questions.question_set import Question
from konverze_rag.tuning.showing.lettering import lettered

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_ROWS = 60
"""Questions or evaluations that a picture names, at most."""

LABEL_CHARS = 46
"""Of a name beside a row."""

TITLE_CHARS = 90
"""Of a title, and of a line of a legend."""

BLUE, ORANGE, GREEN, RED, GREY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#8C8C8C"

SMALL_PT = 8.5
TITLE_PT = 10.5
WIDTH_IN = 8.5
ROW_IN = 0.23

_LEFT = 0.01  # of the width
# Apart enough for two numbers of three digits, in points.
_APART_PT = (26.0, 11.0)
_POINTS_AN_INCH = 72
# From this quotient of the largest and the smallest value on, an axis is logarithmic.
_LOG_FROM = 8


def frame(height_in: float, width_in: float = WIDTH_IN) -> Figure:
    """An empty figure, which lays out what it gets so that nothing overlaps.

    Args:
        height_in: In inches.
        width_in: In inches.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure  # noqa: PLC0415 (of an extra)
    except ImportError as exc:
        raise MissingExtraError('pictures need: pip install "konverze-rag[tuning]"') from exc
    return Figure(figsize=(width_in, height_in), layout="constrained")


def asked(name: str, count: int) -> str:
    """How many questions of which set."""
    return f"{count:,} question{'' if count == 1 else 's'} of {name}"


def title(figure: Any, text: str) -> None:
    """Writes a title over the whole width of the picture."""
    line, fonts = lettered([(text, text.encode("ascii", "replace").decode())], most_chars=TITLE_CHARS)
    figure.suptitle(line[0], fontsize=TITLE_PT, x=_LEFT, ha="left", parse_math=False, fontfamily=fonts)


def legend(figure: Any, axes: Any) -> None:
    """Says below the picture what its marks are."""
    handles, names = axes.get_legend_handles_labels()
    labels, fonts = lettered([(name, f"#{place}") for place, name in enumerate(names)], most_chars=TITLE_CHARS)
    drawn: Any = figure.legend(
        handles,
        labels,
        loc="outside lower left",
        ncols=1 + (max(map(len, labels)) < LABEL_CHARS),
        frameon=False,
        labelspacing=0.8,
    )
    for text in drawn.get_texts():
        text.set(parse_math=False, fontfamily=fonts, fontsize=SMALL_PT)


def name_questions(axes: Any, questions: Sequence[Question]) -> None:
    """Names the rows by their questions, where these are few enough to be read."""
    if len(questions) <= MOST_ROWS:
        name_rows(axes, [(one.text, one.id, f"question {place}") for place, one in enumerate(questions, 1)])
    else:
        name_rows(axes, [])
        axes.set_ylim(len(questions) - 0.5, -0.5)
        axes.set_ylabel(f"{len(questions):,} questions, highest first")


def name_rows(axes: Any, ways: Sequence[Sequence[str]]) -> None:
    """Names the rows of a picture from above, each in the first way that can be drawn."""
    labels, fonts = lettered(ways, most_chars=LABEL_CHARS)
    axes.set_yticks(range(len(labels)), labels, parse_math=False, fontfamily=fonts, fontsize=SMALL_PT)
    axes.set_ylim(len(labels) - 0.4, -0.6)


def spread(axes: Any, values: Sequence[float]) -> None:
    """Makes the axis below logarithmic where its values lie far apart."""
    if min(values) <= 0 or max(values) < _LOG_FROM * min(values):
        return
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter  # noqa: PLC0415 (of an extra)

    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(FuncFormatter(_plain))
    axes.xaxis.set_minor_formatter(NullFormatter())


def _plain(value: float, _place: object) -> str:
    return f"{value:g}"


def number(axes: Any, numbers: Sequence[tuple[str, tuple[float, float]]]) -> None:
    """Writes numbers above and left of their places, the first ones first, where no other number stands.

    Args:
        axes: With all else drawn.
        numbers: With the place of each, in the units of the axes.
    """
    figure = axes.get_figure()
    figure.draw_without_rendering()  # lays the picture out: only then are places known
    taken: list[tuple[float, float]] = []
    for text, place in numbers:
        x, y = axes.transData.transform(place) * _POINTS_AN_INCH / figure.dpi
        if all(abs(x - a) > _APART_PT[0] or abs(y - b) > _APART_PT[1] for a, b in taken):
            taken.append((x, y))
            axes.annotate(text, place, xytext=(-8, 5), textcoords="offset points", ha="right", fontsize=SMALL_PT)
