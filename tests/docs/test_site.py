"""The site: what stands where, that links fit the new places, and that a dead one is noticed."""

import re
import shutil
import tomllib
from urllib.parse import urlsplit

import pytest
from selectolax.lexbor import LexborHTMLParser

import konverze_rag as kr
from konverze_rag import tuning
from tests.docs.markdown import PAGES, ROOT, anchors, blocks, links, shape
from tools.docs_site.contents import PAGES as REFERENCE
from tools.docs_site.links import findings
from tools.docs_site.pages import placed, places, write_pages

CONFIG = tomllib.loads((ROOT / "tools/docs_site/zensical.toml").read_text("utf-8"))


def named(entries):
    """Pages of a part of the navigation."""
    for entry in entries:
        if isinstance(entry, str):
            yield entry
        else:
            for inner in entry.values():
                yield from named([inner] if isinstance(inner, str) else inner)


@pytest.fixture(scope="module")
def reference():
    pytest.importorskip("griffe")
    from tools.docs_site.reference import reference_pages

    return reference_pages()


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    pytest.importorskip("griffe")
    pytest.importorskip("zensical")
    from tools.docs_site.__main__ import build

    return build(ROOT, tmp_path_factory.mktemp("build"))


def test_the_navigation_names_every_page_once():
    pages = [place for place in places(ROOT).values() if place.endswith(".md")]
    told = [f"reference/{page.name}.md" for page in REFERENCE]
    assert sorted(named(CONFIG["project"]["nav"])) == sorted([*pages, *told, "reference/index.md"])


def test_every_page_of_the_repository_is_on_the_site():
    assert {page.relative_to(ROOT).as_posix() for page in PAGES} <= places(ROOT).keys()


def test_the_reference_holds_each_exported_name_once():
    held = [name for page in REFERENCE for name in page.names]
    assert sorted(held) == sorted(set(kr.__all__) - {"__version__"})


def test_links_are_written_for_the_new_places():
    known = {"README.md": "index.md", "docs/a.md": "a.md", "docs/adr/README.md": "adr/index.md", "docs/p.svg": "p.svg"}
    text = "[a](docs/a.md#part) ![p](docs/p.svg) [x](tools/x.py) [h](https://h.example) [t](#top) `[a](docs/a.md)`"
    assert placed(text, "README.md", known) == (
        "[a](a.md#part) ![p](p.svg) x [h](https://h.example) [t](#top) `[a](docs/a.md)`"
    )
    assert placed("[i](adr/README.md)\n\n```\n[i](adr/README.md)\n```\n", "docs/a.md", known) == (
        "[i](adr/index.md)\n\n```\n[i](adr/README.md)\n```\n"
    )
    assert placed("[home](../../README.md)", "docs/adr/README.md", known) == "[home](../index.md)"


def test_links_of_the_pages_lead_to_pages_at_their_new_places(tmp_path, reference):
    write_pages(ROOT, tmp_path)
    for place, text in reference.items():
        (tmp_path / place).parent.mkdir(exist_ok=True)
        (tmp_path / place).write_text(text, "utf-8")
    lost = []
    for page in tmp_path.rglob("*.md"):
        for target in links(page.read_text("utf-8")):
            parts = urlsplit(target)
            there = page.parent / parts.path if parts.path else page
            if not parts.scheme and not (
                there.is_file() and (not parts.fragment or parts.fragment in anchors(there.read_text("utf-8")))
            ):
                lost.append((page.name, target))
    assert lost == []


def test_dead_links_and_foreign_hosts_are_noticed(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a/b.html").write_text('<h1 id="here">B</h1>')
    (tmp_path / "index.html").write_text(
        '<link href="https://fonts.example/f.css"><script src="a/gone.js"></script><img src="//cdn.example/i.png">'
        '<a href="a/b.html#here">fine</a><a href="a/b.html#there">x</a><a href="a/c.html">x</a><a href="#top">x</a>'
        '<a href="https://elsewhere.example">fine</a><a href="/a/b.html">fine</a><pre class="mermaid">x</pre>'
    )
    (tmp_path / "style.css").write_text("@import 'https://a.example/b.css'; p { background: url(//c.example/d.png) }")
    assert sorted(finding.partition(": ")[2].partition(" ")[::2] for finding in findings(tmp_path)) == [
        (".mermaid", "is drawn by a program of another host"),
        ("fetches", "//c.example/d.png"),
        ("fetches", "//cdn.example/i.png"),
        ("fetches", "https://a.example/b.css"),
        ("fetches", "https://fonts.example/f.css"),
        ("lacks", "a/gone.js"),
        ("links", "to #top"),
        ("links", "to a/b.html#there"),
        ("links", "to a/c.html"),
    ]


def test_the_reference_tells_arguments_attributes_and_errors(reference):
    engine = reference["reference/engine.md"]
    assert "### Engine.open" in engine
    assert "- `location`: The data directory, or a URL" in engine
    assert "- [`MissingExtraError`](errors.md#missingextraerror): " in engine
    assert "- `retention_days` (`RetentionDays`, `30` by default): " in reference["reference/settings.md"]
    assert "- `EXTRACTIVE`: `'extractive'`" in reference["reference/answers.md"]
    assert "└── ProviderError" in reference["reference/errors.md"]
    assert "Attributes:" not in "".join(reference.values())


def test_the_reference_holds_the_tuning_room(reference):
    for name in tuning.__all__:
        assert f"\n## {name}\n" in reference["reference/tuning.md"]


def test_signatures_of_the_reference_are_python(reference):
    for text in reference.values():
        for _, code in blocks(text, "python"):
            head = re.sub(r"^(?:async )?[\w.]+\(", "def f(", code.strip())
            compile(f"{head}: ..." if head.startswith("def") else head, "reference", "exec")


def test_no_link_of_the_site_is_dead_and_nothing_is_fetched_from_elsewhere(site):
    assert findings(site) == []


def test_the_site_shows_what_github_shows(site):
    """Python-Markdown is another dialect: a list without a blank line before it would be a paragraph."""
    sources = site.parent / "docs-src"
    for page in sorted(sources.rglob("*.md")):
        tree = LexborHTMLParser((site / page.relative_to(sources)).with_suffix(".html").read_text("utf-8"))
        article = tree.css_first("article")
        wanted = shape(page.read_text("utf-8"))
        assert {tag: len(article.css(tag)) for tag in wanted} == wanted, page.name


def test_a_page_that_is_gone_is_noticed_by_those_that_link_to_it(site, tmp_path):
    copy = shutil.copytree(site, tmp_path / "site")
    (copy / "glossary.html").unlink()
    assert any("links to" in finding and "glossary.html" in finding for finding in findings(copy))
