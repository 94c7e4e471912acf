# ruff: noqa: INP001 - a script beside the packages
"""Runs a notebook from beginning to end, and writes what it shows as one HTML page.

The page holds no script and fetches nothing, so that it can be read in a closed network; marimo's own export loads its
reader from another host::

    python tools/notebook_pages.py notebooks/01_first_look.py build/notebooks
"""

from __future__ import annotations

import ast
import importlib.util
import sys
from base64 import b64encode
from collections.abc import Iterator
from html import escape
from io import BytesIO
from pathlib import Path
from textwrap import dedent
from typing import Any, NamedTuple

import marimo
import pandas as pd
from matplotlib.figure import Figure
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

PICTURE_DPI = 144
"""Pixels an inch of a picture: two for each pixel of an ordinary screen."""

_SCREEN_DPI = 96
_STYLE = """
body { margin: 2rem auto; max-width: 60rem; padding: 0 1rem; font: 16px/1.5 sans-serif; color: #1b1b1b }
h1, h2 { line-height: 1.2 } h2 { margin-top: 2.5rem }
.paragraph { display: block; margin: .7rem 0 }
code { background: #f2f2f2; padding: 0 .2em } pre { background: #f7f7f7; padding: .6rem .8rem; overflow-x: auto }
pre, code { font: 13px/1.45 monospace }
.shown { margin: .8rem 0 1.6rem; overflow-x: auto } .shown img { max-width: 100% }
table { border-collapse: collapse; font-size: 13px } th, td { padding: .25rem .6rem; vertical-align: top }
th { text-align: left; border-bottom: 1px solid #999 } td { border-bottom: 1px solid #e4e4e4 }
iframe { border: 1px solid #ccc; box-sizing: border-box }
h2 code, h3 code { font-size: inherit } mark { background: #ffe08a }
"""
_LIVE_ONLY = "<p>a control of the live notebook</p>"
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
{parts}</body>
</html>
"""


class Cell(NamedTuple):
    """A cell of a notebook.

    Attributes:
        code: Its statements.
        is_hidden: Whether readers see only what it shows.
    """

    code: str
    is_hidden: bool


def cells(source: str) -> Iterator[Cell]:
    """The cells of a notebook's file, in its order, without the one that sets it up."""
    for node in ast.parse(source).body:
        if not isinstance(node, ast.FunctionDef):
            continue
        options = [one.keywords for one in node.decorator_list if isinstance(one, ast.Call)]
        last = node.body[-1]
        end = last.lineno - 1 if isinstance(last, ast.Return) else last.end_lineno
        lines = source.splitlines()[node.body[0].lineno - 1 : end]
        yield Cell(
            dedent("\n".join(lines)).strip(), is_hidden=any(one.arg == "hide_code" for of in options for one in of)
        )


def page(path: Path) -> str:
    """Runs a notebook, and gives its page.

    Args:
        path: Its file.

    Raises:
        Exception: What a cell raises.
    """
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    notebook = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(notebook)
    outputs, _ = notebook.app.run()
    parts = [_part(cell, output) for cell, output in zip(cells(path.read_text("utf-8")), outputs, strict=True)]
    return _PAGE.format(title=escape(path.stem), style=_STYLE, parts="".join(parts))


def _part(cell: Cell, output: object) -> str:
    code = "" if cell.is_hidden else highlight(cell.code, PythonLexer(), HtmlFormatter(noclasses=True, style="bw"))
    return code + ("" if output is None else f"<div class=shown>{_shown(output)}</div>\n")


def _shown(output: Any) -> str:
    if isinstance(output, marimo.ui.dropdown):
        return f"<p>chosen here: {escape(str(output.selected_key))}</p>"
    if isinstance(output, marimo.Html):
        return _LIVE_ONLY if output.text.startswith("<marimo-") else output.text
    if isinstance(output, Figure):
        return _picture(output)
    if isinstance(output, pd.DataFrame):
        is_numbered = isinstance(output.index, pd.RangeIndex) and output.index.name is None
        with pd.option_context("display.max_colwidth", None):
            known = output.astype(object).where(output.notna(), "")
            return known.to_html(index=not is_numbered, border=0, justify="left")
    return output._repr_html_() if hasattr(output, "_repr_html_") else f"<pre>{escape(str(output))}</pre>"


def _picture(figure: Figure) -> str:
    drawn = BytesIO()
    figure.savefig(drawn, format="png", dpi=PICTURE_DPI)
    width, data = round(figure.get_figwidth() * _SCREEN_DPI), b64encode(drawn.getvalue()).decode("ascii")
    return f'<img width={width} alt="picture made by the code above" src="data:image/png;base64,{data}">'


def main() -> None:
    """Writes the page of the notebook that the first argument names into the folder that the second one does."""
    path, folder = Path(sys.argv[1]), Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{path.stem}.html").write_text(page(path), "utf-8")


if __name__ == "__main__":
    main()
