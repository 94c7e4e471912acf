"""Every relative link of every page leads to a file, and every anchor to a heading."""

from urllib.parse import unquote, urlsplit

import pytest

from tests.docs.markdown import PAGES, ROOT, anchors, links


def is_there(target, page):
    parts = urlsplit(target)
    there = page.parent / unquote(parts.path) if parts.path else page
    return there.exists() and (not parts.fragment or parts.fragment in anchors(there.read_text("utf-8")))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(page):
    relative = [target for target in links(page.read_text("utf-8")) if not urlsplit(target).scheme]
    assert [target for target in relative if not is_there(target, page)] == []


def test_a_link_to_a_missing_file_or_heading_is_noticed(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("# Some `code` & more\n\n[a](page.md#some-code--more) [b](page.md#some) ![c](c.png) `[d](d.md)`")
    assert [is_there(target, page) for target in links(page.read_text())] == [True, False, False]


def test_all_pages_are_looked_at():
    assert {"README.md", "CHANGELOG.md", "tutorial.md", "0001-layout.md", "segment.md"} <= {page.name for page in PAGES}
