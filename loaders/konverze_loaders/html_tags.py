"""Which HTML elements are blocks, which are never shown, and which need no end tag."""

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
# fmt: on
