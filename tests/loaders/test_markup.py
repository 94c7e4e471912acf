from __future__ import annotations

import pytest

from konverze_core.errors import LimitExceededError
from konverze_loaders import load

MARKDOWN = b"""---
title: "Plans"
author: Asha
---
# Pricing

See the [terms](https://example.org) for **all**
details &amp; ![logo](x.png).

- one
  more
- two

3. third

| Plan | Price |
|------|-------|
| Basic `x` | 499 |

```python
a = 1

b = 2
```

<p>Raw <b>HTML</b></p>
"""
HTML = """<!doctype html><html><head><title> Our
 plans</title><meta name="author" content="Asha"><style>p{}</style></head><body>
<nav>Home</nav><h1>Pricing &amp; more</h1><p>All <b>prices</b> in
rupees.<br>Taxes extra.<script>x()</script><span hidden>no</span></p><div style="display: none">no</div>
<ul><li>one<li>two <ul><li>deep</ul></ul>
<table><tr><th>Plan<th>Price<tr><td>Basic<td><p>&#8377;499</p><p>a month</p></table>
<table><tr><td><p>Placed</p><table><tr><td>x<td>y</table></td></tr></table>
<pre>a  b
 c</pre><noscript>no</noscript><!-- no --></body></html>"""


def _blocks(data: bytes, name: str | None = None):
    document = load(data, name=name)
    return [(b.kind.value, document.text[b.span.start : b.span.end]) for b in document.blocks], document


def test_markdown_shows_what_a_reader_sees():
    blocks, document = _blocks(MARKDOWN, "plans.md")
    assert blocks == [
        ("heading", "Pricing"),
        ("paragraph", "See the terms for all\ndetails & logo."),
        ("list_item", "one\nmore"),
        ("list_item", "two"),
        ("list_item", "3. third"),
        ("table_row", "Plan | Price"),
        ("table_row", "Basic x | 499"),
        ("code", "a = 1\n\nb = 2"),
        ("paragraph", "Raw HTML"),
    ]
    assert document.metadata == {"format": "markdown", "encoding": "utf-8", "title": "Plans", "author": "Asha"}


def test_markdown_without_an_extension_needs_strong_signs():
    assert _blocks(MARKDOWN)[1].metadata["format"] == "markdown"
    assert _blocks(b"# 1 is a number\n\n- a dash")[1].metadata["format"] == "text"


def test_deep_quotes_are_refused_not_dropped():
    with pytest.raises(LimitExceededError):
        load(b">" * 400 + b" core", name="deep.md")


def test_html_shows_what_a_visitor_sees():
    blocks, document = _blocks(HTML.encode())
    assert blocks == [
        ("heading", "Pricing & more"),
        ("paragraph", "All prices in rupees.\nTaxes extra."),
        ("list_item", "one"),
        ("list_item", "two"),
        ("list_item", "deep"),
        ("table_row", "Plan | Price"),
        ("table_row", "Basic | ₹499 a month"),
        ("paragraph", "Placed"),
        ("table_row", "x | y"),
        ("code", "a  b\n c"),
    ]
    assert document.metadata == {"format": "html", "encoding": "utf-8", "title": "Our plans", "author": "Asha"}


def test_html_in_its_declared_encoding():
    page = '<html><meta charset="windows-1251"><p>Привет</p></html>'
    _, document = _blocks(page.encode("windows-1251"))
    assert (document.text, document.metadata["encoding"]) == ("Привет", "windows-1251")


def test_very_deep_html_is_read():
    assert load(b"<html>" + b"<div>" * 5_000 + b"core").text == "core"
    with pytest.raises(LimitExceededError, match="inside each other"):
        load(b"<html>" + b"<div>" * 100_000 + b"core")


def test_a_wall_of_brackets_is_read_in_time():
    assert load(b"[" * 200_000, name="wall.md").text == "[" * 200_000
