"""Which HTML elements are blocks, which are never shown, and how end tags reach."""

from __future__ import annotations

# fmt: off
SKIPPED = frozenset([
    "script", "style", "noscript", "template", "nav", "svg", "head", "iframe", "object", "select", "datalist",
])
BLOCKS = frozenset([
    "address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details", "dialog", "div",
    "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header",
    "hr", "html", "li", "main", "ol", "p", "pre", "section", "summary", "table", "tbody", "td", "tfoot", "th",
    "thead", "tr", "ul",
])
SELF_CLOSING = frozenset([
    "area", "base", "br", "col", "dd", "dt", "embed", "hr", "img", "input", "li", "link", "meta", "option", "p",
    "param", "source", "tbody", "td", "tfoot", "th", "thead", "tr", "track", "wbr",
])
# Unclosed, these are opened again in the blocks that follow; a form, too, ends without what is open inside it.
FORMATS = frozenset([
    "a", "b", "big", "code", "em", "font", "form", "i", "nobr", "s", "small", "strike", "strong", "tt", "u",
])
# No end tag of another element reaches through these.
BARRIERS = frozenset(["applet", "caption", "html", "marquee", "object", "select", "table", "template"])
RAW_TEXTS = frozenset([
    "iframe", "noembed", "noframes", "plaintext", "script", "style", "textarea", "title", "xmp",
])
# fmt: on
