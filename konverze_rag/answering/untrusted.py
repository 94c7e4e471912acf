"""The copy of foreign text that a prompt carries: what a reader cannot see is gone, and no delimiter can be forged."""

from __future__ import annotations

import regex

# Zero-width joiners shape Indic letters; anywhere else they can carry hidden text.
_SHAPING_JOINER = regex.compile(r"(?<=\p{M})[\u200c\u200d](?=\p{L})")
# Controls, format characters (bidi, tags), surrogates, private use, variation selectors, blank fillers.
_INVISIBLE = regex.compile(
    r"[\p{Cc}\p{Cf}\p{Cs}\p{Co}\ufe00-\ufe0f\U000e0100-\U000e01ef\u115f\u1160\u3164\uffa0\u2800--[\n\t]]",
    regex.VERSION1,
)
_LINE_END = regex.compile(r"\r\n?|[\u2028\u2029\x0b\x0c]")
_DELIMITER = regex.compile(r"<<(?=\s*/?\s*(?:end|source))", regex.IGNORECASE)


def visible(text: str) -> str:
    """The text without characters that no reader sees; line ends, tabs and the joiners of Indic scripts stay."""
    # Of ASCII, what nobody sees is not printable, nor are these two.
    if text.isascii() and text.replace("\n", " ").replace("\t", " ").isprintable():
        return text
    lines = _LINE_END.sub("\n", text)
    parts: list[str] = []
    start = 0
    for joiner in _SHAPING_JOINER.finditer(lines):
        parts += [_INVISIBLE.sub("", lines[start : joiner.start()]), joiner.group()]
        start = joiner.end()
    return "".join([*parts, _INVISIBLE.sub("", lines[start:])])


def as_data(text: str, *, nonce: str) -> str:
    """Visible text in which neither the delimiters of `compose` nor their nonce occur.

    Args:
        text: Of a source, a heading or a question.
        nonce: The random word of this request.
    """
    shown = visible(text)
    while nonce in shown:
        shown = shown.replace(nonce, "")
    return _DELIMITER.sub("‹‹", shown)
