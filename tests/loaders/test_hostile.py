"""Small inputs that once kept a loader busy for minutes; the suite's timeout is the assertion."""

from __future__ import annotations

import io
import zipfile

import pytest

from konverze_core.errors import LimitExceededError
from konverze_loaders import LoadLimits, load, split_sentences
from konverze_loaders.normalise import normalise
from tests.loaders.docx_bytes import docx, p

RATIO = LoadLimits(max_expansion_ratio=10_000)


def test_comments_before_the_root_are_skipped():
    assert load(b"<!-- -->" * 10_000 + b"x<p>").text
    assert load(b"<!-- --> <?xml ?> <!DOCTYPE html><p>x").metadata["format"] == "html"


@pytest.mark.parametrize("run", ["!", "?", ".", "…", "!.", '."', ".!"])
def test_runs_of_sentence_ends_take_linear_time(run):
    text = "a " + run * 1_000_000 + "a"
    assert split_sentences(text)[-1].end == len(text)


def test_runs_of_spaces_take_linear_time():
    text = "a" + " " * 3_000_000 + "a"
    assert normalise(text) == text


def test_a_part_with_many_relationships_is_parsed_once():
    data = docx(p("Body."), parts={"header": p("Acme") * 1_000})
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name).decode()
            if name.endswith("document.xml.rels"):
                start, end = content.index("<Relationship "), content.index("</Relationships>")
                content = content[:start] + content[start:end] * 50_000 + content[end:]
            new.writestr(name, content)
    assert load(buffer.getvalue(), limits=RATIO).text.endswith("Body.")


def test_long_style_lineages_are_followed_once():
    styles = "".join(f'<w:style w:styleId="S{n}"><w:basedOn w:val="S{n + 1}"/></w:style>' for n in range(5_000))
    styles += '<w:style w:styleId="S5000"><w:name w:val="heading 3"/></w:style>'
    data = docx(p("x", '<w:pStyle w:val="S0"/>') * 20_000, parts={"styles": styles})
    blocks = load(data, limits=RATIO).blocks
    assert {block.level for block in blocks} == {3}


@pytest.mark.parametrize(
    "data", [("[" * 4_999 + "a\n\n") * 20, "![" * 4_999 + "]()" * 4_999, ("![" * 999 + "]()" * 999 + "\n\n") * 20]
)
def test_many_brackets_are_read(data):
    assert load(data.encode(), name="wall.md").text


def test_raw_html_in_markdown_is_held_to_a_depth():
    with pytest.raises(LimitExceededError, match="inside each other"):
        load(b"<div>\n" * 40_000, name="deep.md")


@pytest.mark.parametrize(
    "part",
    [
        "<i></div>",
        "<b></i></u>",
        "<div><!--</div>-->",
        "<div a='</div>'>",
        "<svg><div></svg>",
        "<div><select></div></select>",
        "<form><div></form>",
        "<div><script></div></script>",
        "<svg><style></style></svg><svg><style><div></svg>",
    ],
)
def test_foreign_end_tags_do_not_hide_depth(part):
    with pytest.raises(LimitExceededError, match="inside each other"):
        load(f"<!doctype html>{part * 200_000}x".encode())


@pytest.mark.parametrize(
    "part",
    [
        "<p><b>x</b><br><img src='a>b'>",
        "<div><span></div>",
        "<table><tr><td><span>x</table>",
        "<svg><path d='M0'/><path/></svg>x",
        "<script>'<div>'</script>x",
        "<!-- <div> -->x",
        "<UL><LI><em>x</EM></UL>",
    ],
)
def test_a_long_flat_page_is_read(part):
    assert "x" in load(f"<!doctype html>{part * 12_000}x".encode()).text


def test_attributes_of_one_element_are_bounded():
    attributes = " ".join(f"a{n}" for n in range(500_000))
    with pytest.raises(LimitExceededError, match="attributes"):
        load(f"<!doctype html><p {attributes}>x".encode())
