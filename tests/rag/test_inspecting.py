"""An inspection shows what an ingest stores, and its page shows it whole and harmless."""

import asyncio
import json
import re
from html.parser import HTMLParser

import pytest

import konverze_rag as kr
from konverze_core.fakes import HashingEmbedder
from konverze_rag.cli import main
from konverze_rag.inspecting.inspection import pages_of
from tests.loaders.pdf_bytes import pdf, prose
from tests.settings import OFFLINE

TEXT = "\n\n".join(
    [
        "# Refunds & returns",
        *[
            f"Refund number {number} takes {number + 3} working days <b>at most</b>. वापसी में दिन लगते हैं।"
            for number in range(9)
        ],
        "| product | price |\n| --- | --- |\n| kettle | 900 |\n| pan | 700 |",
        "## Where",
        "Write to us.",
    ]
).encode()
HOSTILE = """<script>alert(1)</script>"'><img src=x onerror=alert(1)> &lt;script&gt;"""
TAGS = set("html head meta title style body header h1 p main article div span a nav b s i section h2 ul li".split())  # noqa: SIM905


class Page(HTMLParser):
    """The tags of a page, and the text under each chunk's label."""

    def __init__(self, page):
        super().__init__(convert_charrefs=True)
        self.tags, self.labels, self.texts, self.text = set(), [], {}, ""
        self._open = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        assert not {name for name, _ in attrs if name.startswith("on") or name in {"src", "srcset"}}
        assert all(value.startswith("#") for name, value in attrs if name == "href")
        if tag != "meta":
            self._open.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data):
        names = [tag for tag, _ in self._open]
        if "article" not in names or "a" in names or "p" in names:
            return
        self.text += data
        if names[-1] == "span":
            for label in self._open[-1][1]["title"].split(" and "):
                self.texts[label.split(",")[0]] = self.texts.get(label.split(",")[0], "") + data


def packed(text):
    return re.sub(r"\s", "", text)


@pytest.fixture
def make(make_engine):
    def tenant(**settings):
        return make_engine(settings=OFFLINE.model_copy(update=settings), embedder=HashingEmbedder()).tenant("acme")

    return tenant


@pytest.mark.parametrize("chunker", ["tokens", "sentences", "parents", "rows"])
def test_the_chunks_are_those_of_an_ingest_and_nothing_is_stored(make, blobs, chunker):
    acme = make(chunker=chunker, chunk_tokens=40, chunk_overlap_tokens=16)
    before = {name: bytes(blobs.get(name)) for name in blobs.list("")}
    seen = acme.inspect(TEXT, source="terms.md")
    assert {name: bytes(blobs.get(name)) for name in blobs.list("")} == before
    acme.ingest({"terms.md": TEXT})
    stored = sorted((hit.chunk for hit in acme.search("refund", k=99)), key=lambda chunk: chunk.ordinal)
    assert [(c.text, c.span, c.context, c.parent, c.heading) for c in seen.chunks] == [
        (c.text, c.span, c.context, c.parent, c.heading) for c in stored
    ]
    assert seen.tokens == tuple(HashingEmbedder().count_tokens([chunk.searchable_text for chunk in seen.chunks]))
    assert max(seen.tokens) <= 40


@pytest.mark.parametrize("chunker", ["tokens", "sentences", "parents", "rows"])
def test_the_page_shows_all_text_once_and_each_chunk_over_its_own(make, chunker):
    seen = make(chunker=chunker, chunk_tokens=40, chunk_overlap_tokens=16).inspect(TEXT, source="terms.md")
    page = Page(seen.to_html())
    assert packed(page.text) == packed(seen.document.text)
    assert len(seen.chunks) > 3
    assert page.texts.keys() == {f"chunk {chunk.ordinal}" for chunk in seen.chunks}
    for chunk in seen.chunks:
        assert packed(page.texts[f"chunk {chunk.ordinal}"]) == packed(chunk.text)
    assert (chunker in {"tokens", "rows"}) == ("repeating-linear-gradient" in seen.to_html())


def test_nothing_of_a_file_can_act(make):
    rows = [["name", "price"], [HOSTILE, "1"], [HOSTILE, "2"]]
    content = json.dumps({"title": HOSTILE, HOSTILE: [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]})
    seen = make().inspect(content.encode(), source=f"{HOSTILE}.json")
    page = seen.to_html()
    assert Page(page).tags <= TAGS
    assert "default-src 'none'" in page
    frame = seen._repr_html_()
    assert frame.startswith("<iframe sandbox srcdoc=")
    assert frame.count("<") == 2
    assert HOSTILE in seen.document.text
    assert packed(Page(page).text) == packed(seen.document.text)


def test_pages_tell_how_they_were_read(make):
    garbage = "".join(chr(0xE000 + number % 90) for number in range(400))
    lines = prose(["Refunds take seven days to arrive."])
    seen = make().inspect(pdf(lines, "", lines), source="a.pdf")
    assert [(page.number, page.words, page.read_from, page.problem) for page in seen.pages] == [
        (1, 6, "text", ""),
        (2, 0, "nothing", ""),
        (3, 6, "text", ""),
    ]
    document = kr.Document(
        text="x y",
        pages=(kr.Page(number=1, span=kr.Span(0, 3), label="iv"), kr.Page(number=2, span=kr.Span(3, 3))),
        metadata={"format": "pdf", "ocr_pages": [1]},
        unread=(kr.Unread(part="page 2", reason=f"<{garbage[:3]}>", page=2),),
    )
    shown = kr.Inspection(
        source="b.pdf",
        content_bytes=9,
        document=document,
        pages=pages_of(document),
        chunker="none",
        chunks=(),
        tokens=(),
    )
    assert [(page.label, page.read_from, page.problem) for page in shown.pages] == [
        ("iv", "image", ""),
        ("", "nothing", f"<{garbage[:3]}>"),
    ]
    html = shown.to_html()
    assert "page 1 (iv) · 2 words · read from image" in html
    assert html.count(f"&lt;{garbage[:3]}&gt;") == 2
    assert Page(html).text.strip() == "x y"


def test_a_file_without_a_tenant(tmp_path):
    (tmp_path / "terms.md").write_bytes(TEXT)
    seen = kr.inspect_file(tmp_path / "terms.md", settings=OFFLINE.model_copy(update={"chunk_tokens": 60}))
    assert (seen.source, seen.content_bytes, seen.document.metadata["format"]) == ("terms.md", len(TEXT), "markdown")
    assert "60 tokens" in seen.chunker
    assert kr.inspect_file(tmp_path / "terms.md", settings=OFFLINE, source="other").source == "other"


@pytest.mark.parametrize(
    ("content", "error", "message"),
    [
        (b"\0\x01\x02" * 99, kr.LoadError, "a.txt"),
        (b"  ", kr.NoTextError, "a.txt"),
        ([b"a", b"b"], kr.ConfigError, "one upload"),
        ({"a": b"a", "b": b"b"}, kr.ConfigError, "names its uploads"),
        ("/nowhere/at.all", kr.ConfigError, "cannot be read"),
    ],
)
def test_what_cannot_be_looked_at_says_why(content, error, message):
    with pytest.raises(error, match=message):
        kr.inspect_file(content, source="a.txt", settings=OFFLINE)


def test_it_takes_one_file(tmp_path):
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text("text")
    with pytest.raises(kr.ConfigError, match="one file"):
        kr.inspect_file([tmp_path / "a.txt", tmp_path / "b.txt"], settings=OFFLINE)


def test_the_awaited_twin(make_engine):
    async def seen():
        async with kr.AsyncEngine(make_engine(embedder=None)) as engine:
            acme = await engine.tenant("acme")
            return await acme.inspect(TEXT, source="terms.md")

    assert asyncio.run(seen()) == make_engine(embedder=None).tenant("acme").inspect(TEXT, source="terms.md")


@pytest.fixture
def konverze(tmp_path, monkeypatch, capsys):
    def run(*arguments):
        monkeypatch.setattr("sys.argv", ["konverze", "inspect", *map(str, arguments)])
        try:
            main()
        except SystemExit as end:
            code = end.code
        told = capsys.readouterr()
        return code or 0, told.out, told.err

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KONVERZE_EMBEDDINGS", "none")
    monkeypatch.setenv("KONVERZE_LOADER_WORKERS", "0")
    (tmp_path / "terms.md").write_bytes(TEXT)
    return run


def test_the_command_prints_structure_and_chunks(konverze):
    code, out, _ = konverze("terms.md")
    assert code == 0
    assert f"terms.md: {len(TEXT):,} bytes" in out
    assert "  Refunds & returns\n" in out
    assert re.search(r"\n0\. 0-\d+, \d+ tokens, (en|hi)", out)
    assert "Refund number 0 takes 3 working days" in out


def test_the_command_prints_json_and_writes_the_page(konverze, tmp_path):
    code, out, _ = konverze("terms.md", "--json", "--html", "page.html")
    told = json.loads(out)
    assert code == 0
    assert told["document"]["text"][slice(*told["chunks"][0]["span"].values())] == told["chunks"][0]["text"]
    assert len(told["tokens"]) == len(told["chunks"])
    page = Page((tmp_path / "page.html").read_text("utf-8"))
    assert packed(page.text) == packed(told["document"]["text"])
    assert konverze("terms.md", "--html", "page.html")[1] == ""


def test_the_command_goes_by_a_tenants_settings(konverze, tmp_path):
    with kr.Engine.open(tmp_path / "data", settings=OFFLINE) as engine:
        engine.tenant("acme").configure(kr.TenantSettings(chunker="sentences"))
    told = json.loads(konverze("terms.md", "--data", "data", "--tenant", "acme", "--json")[1])
    assert told["chunker"].startswith("sentence")
    assert json.loads(konverze("terms.md", "--json")[1])["chunker"].startswith("token windows")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nothing.md",), "nothing.md: cannot be read"),
        (("terms.md", "--html", "no/folder/page.html"), "cannot be written"),
        (("terms.md", "--data", "nowhere"), "no data directory"),
        (("nothing.md", "--html", "terms.md"), "nothing.md: cannot be read"),
        (("terms.md", "--tenant", "acme"), "--tenant needs --data"),
        (("terms.md", "--html", "./terms.md"), "write the page elsewhere"),
    ],
)
def test_the_command_fails_in_one_line(konverze, tmp_path, arguments, message):
    code, out, err = konverze(*arguments)
    assert (tmp_path / "terms.md").read_bytes() == TEXT
    assert (code, out) == (1, "")
    assert message in err
    assert err.count("\n") == 1
