"""Text that can always be encoded."""

from __future__ import annotations


def encodable(text: str) -> str:
    """The text with lone surrogates, which no encoder and no tokenizer takes, replaced by U+FFFD."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text
