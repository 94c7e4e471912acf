"""What stands in a page of Markdown, as GitHub reads it."""

import re
from collections import Counter
from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "benchmarks" / "README.md"])


def tokens(text):
    return MarkdownIt("commonmark").enable("table").parse(text)


def links(text):
    """Targets of all links and pictures."""
    inner = [child for token in tokens(text) for child in token.children or ()]
    return [target for child in inner if (target := child.attrs.get("href") or child.attrs.get("src"))]


def anchors(text):
    """Of all headings, as GitHub makes them."""
    parsed, seen, found = tokens(text), Counter(), set()
    for heading, inline in pairwise(parsed):
        if heading.type == "heading_open":
            words = "".join(child.content for child in inline.children if child.type in {"text", "code_inline"})
            slug = re.sub(r"[^\w -]", "", words.lower()).replace(" ", "-")
            found.add(f"{slug}-{seen[slug]}" if seen[slug] else slug)
            seen[slug] += 1
    return found


def blocks(text, *languages):
    """Language and code of each block in one of these languages."""
    found = [token for token in tokens(text) if token.type == "fence" and token.info.split(" ")[0] in languages]
    return [(token.info.split(" ")[0], token.content) for token in found]


def shape(text):
    """How many tables, rows of tables, items of lists and blocks of code there are, by HTML tag."""
    kinds = Counter(token.type for token in tokens(text))
    return {
        "table": kinds["table_open"],
        "tr": kinds["tr_open"],
        "li": kinds["list_item_open"],
        "pre": kinds["fence"] + kinds["code_block"],
    }
