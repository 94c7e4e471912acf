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
        ("paragraph", "See the terms (https://example.org) for all\ndetails & logo."),
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


def test_html_cells_that_span_keep_the_columns_aligned():
    rows = "<tr><th rowspan=2>A<th colspan=2>B<th>C<tr><td>b1<td>b2<td>c<tr><td>x<td colspan=999999999>y"
    assert load(f"<html><table>{rows}</table>".encode()).text == "A | B |  | C\nA | b1 | b2 | c\nx | y"


def test_html_exponents_are_no_part_of_the_number():
    page = b"<html><p>10<sup>6</sup>, 10<sup>-3</sup>, m<sup>2</sup>, 1<sup>st</sup>"
    assert load(page).text == "10^6, 10^-3, m2, 1st"


def test_only_yaml_is_front_matter():
    assert load(b"---\n\nnot front\n\n---\n\nz", name="a.md").text == "not front\n\nz"
    document = load(b"---\ntitle: X\ntags:\n  - a\n- b\n# c\n---\n\nz", name="a.md")
    assert (document.text, document.metadata["title"]) == ("z", "X")


def test_footnotes_are_notes():
    blocks, _ = _blocks(b"Text[^1].\n\n[^1]: One.\n[^2]: Two.\n\n[a]: http://x\n\n[a]", "a.md")
    assert blocks == [
        ("paragraph", "Text[^1]."),
        ("note", "[^1]: One."),
        ("note", "[^2]: Two."),
        ("paragraph", "a (http://x)"),
    ]


@pytest.mark.parametrize("before", ["", "> ", "- "])
def test_cells_beyond_the_header_are_kept(before):
    indent = " " if before == "- " else before[:1]
    rows = f"{before}|a|b|\n{indent} |-|-|\n{indent} |1|2|`x`|*y*|\n"
    assert "1 | 2 | x | y" in load(rows.encode(), name="a.md").text


def test_rows_that_name_columns_are_headers():
    def headers(data, name=None):
        document = load(data, name=name)
        return [document.text[block.span.start : block.span.end] for block in document.blocks if block.header]

    assert headers(MARKDOWN, "plans.md") == ["Plan | Price"]
    assert headers(HTML.encode()) == ["Plan | Price"]
    rows = "<tr><td>a<td>b<tbody><tr><th>c<td>d<tr><th>e</table>"
    assert headers(f"<!doctype html><table><thead>{rows}".encode()) == ["a | b"]


def test_header_and_footer_of_a_page_are_no_body_and_those_of_an_article_are():
    text = "<header><h1>Title</h1><p>Acme</header><article><header><p>By Asha</header><p>Text</article>"
    blocks, _ = _blocks(f"<!doctype html>{text}<footer><ul><li>Terms</ul></footer><p>After".encode())
    assert blocks == [
        ("heading", "Title"),
        ("page_header", "Acme"),
        ("paragraph", "By Asha"),
        ("paragraph", "Text"),
        ("page_footer", "Terms"),
        ("paragraph", "After"),
    ]


SHOWN = [
    ('<a href="https://shop.example/form?a=1">the form</a>', "the form (https://shop.example/form?a=1)"),
    ('<a href="mailto:help@shop.example?subject=x">write to us</a>', "write to us (help@shop.example)"),
    ('<a href="tel:+911234567890">call</a>', "call (+911234567890)"),
    ('<a href="https://www.shop.example/">shop.example</a>', "shop.example"),
    ('<a href="mailto:help@shop.example">help@shop.example</a>', "help@shop.example"),
    ('<a href="/form">the form</a> <a href="#top">top</a>', "the form top"),
    ('<a href="javascript:alert(1)">now</a> <a>no</a> <a href="">way</a>', "now no way"),
    ('<a href="https://[::1">odd</a> <a href="https://">odder</a>', "odd odder"),
    (f'<a href="https://shop.example/{"x" * 200}">long</a>', "long"),
    ('<a href="https://shop.example/x"><img alt="picture"></a>', ""),
    ('<a href="https://shop.example/x"><b>the</b> form</a>.', "the form (https://shop.example/x)."),
    ('<a href="https://shop.example/x">the form </a>now', "the form (https://shop.example/x) now"),
    ('<a href="https://shop.example/x">the form<br></a>now', "the form (https://shop.example/x)\nnow"),
    ('<a href="https://a.example">https://a.example/x</a>', "https://a.example/x (https://a.example)"),
    ('<a href="https://a.example">see (https://a.example).</a>', "see (https://a.example)."),
    ('<a href="tel:+911234567890">24x7: +91 12345-67890</a>', "24x7: +91 12345-67890"),
    ('<a href="tel:112">call 1120</a>', "call 1120 (112)"),
    ('<a href="https://a.example/%E0%A4%A8%E0%A4%AE">words</a>', "words (https://a.example/\u0928\u092e)"),
    ('<a href="https://a.example/%E0%A4%A8">a.example/\u0928</a>', "a.example/\u0928"),
    ('<a href="https://a.example/%E2%80%AEx%20y%E9">odd</a>', "odd (https://a.example/%E2%80%AEx%20y%E9)"),
    ('<a href="https://a.example"><a href="https://b.example">two</a></a>', "two (https://b.example)"),
]


@pytest.mark.parametrize(("markup", "text"), SHOWN)
def test_a_link_tells_where_it_leads_unless_its_words_do(markup, text):
    assert load(f"<!doctype html><p>We are open. {markup}</p>".encode()).text == f"We are open. {text}".strip()


def test_links_of_a_page_that_tells_its_address_are_made_whole():
    page = '<!doctype html>{}<p>Open <a href="/form">the form</a> or <a href="#top">the top</a>.</p>'
    whole = "Open the form (https://shop.example/form) or the top."
    assert load(page.format('<link rel="canonical" href="https://shop.example/help/a">').encode()).text == whole
    assert load(page.format('<base href="https://shop.example/help/">').encode()).text == whole
    assert load(page.format('<base href="javascript:alert(1)">').encode()).text == "Open the form or the top."
    absolute = '<!doctype html><base href="https://["><p><a href="https://a.example">It</a>'
    assert load(absolute.encode()).text == "It (https://a.example)"


def test_a_link_around_blocks_tells_its_address_after_the_last():
    link = '<!doctype html><a href="https://a.example">one <h2>block</h2> and more</a>'
    assert load(link.encode()).text == "one\n\nblock\n\nand more (https://a.example)"


def test_headings_and_margins_tell_no_addresses():
    link = '<a href="https://shop.example">Shop</a>'
    document = load(f"<!doctype html><header>{link}</header><h1>{link}</h1><p>{link}</p><pre>{link}</pre>".encode())
    assert document.text.split("\n\n") == ["Shop", "Shop", "Shop (https://shop.example)", "Shop"]
    names = f"<tr><th>{link}<th>Price<tr><td>{link}<td>5"
    document = load(f"<!doctype html><table>{names}</table><table><thead><tr><td>{link}<td>x</table>".encode())
    assert document.text.split("\n") == ["Shop | Price", "Shop (https://shop.example) | 5", "", "Shop | x"]
    table = b"|[Shop](https://a.example)|\n|-|\n|[Shop](https://a.example)|"
    assert load(table, name="a.md").text == "Shop\nShop (https://a.example)"
    document = load(b"# [Shop](https://a.example)\n\nSee [it](https://a.example), <https://a.example>.", name="a.md")
    assert document.text == "Shop\n\nSee it (https://a.example), https://a.example."
    assert document.metadata["title"] == "Shop"


def test_links_in_tags_of_markdown_are_links():
    text = '<a name="top">Open <a href="https://a.example">it </a>now, <A HREF=https://b.example>[x](https://c.example)</A>.'
    assert load(text.encode(), name="a.md").text == "Open it (https://a.example) now, x (https://b.example)."
    assert load(b'See <a href="https://a.example">it', name="a.md").text == "See it"
    assert load(b"It</a> <abbr>is</abbr>", name="a.md").text == "It is"
