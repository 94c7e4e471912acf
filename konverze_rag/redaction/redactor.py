"""Replaces personal data by placeholders such as `<PHONE_1>` and puts it back, in whole texts and in streams."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator

import regex

from konverze_rag.redaction.identifiers import ALL_KINDS, Identifier, PersonalData, canonical, identifiers, plain

_TYPED = "TYPED"
_LABELS = "|".join([*(kind.upper() for kind in PersonalData), _TYPED])
_BLANKS = r"[ \t\u00a0]{0,3}"
# What language models make of a placeholder: another case, blanks, escapes of Markdown and HTML, digits of a script.
_PLACEHOLDER = regex.compile(
    rf"\\?(?:<|&(?:amp;)?lt;|&\#60;|&\#x3c;){_BLANKS}"
    rf"(?P<label>{_LABELS})[ \\_-]{{0,2}}(?P<number>\p{{Nd}}{{1,9}})(?P<spelling>\.\p{{Nd}}{{1,4}})?"
    rf"{_BLANKS}\\?(?:>|&(?:amp;)?gt;|&\#62;|&\#x3e;)",
    regex.IGNORECASE,
)


class Redactor:
    r"""Of one request: the same value gets the same placeholder in all its texts; others' placeholders stay.

    A placeholder is `<KIND_n>`, numbered from 1 for each kind. Another spelling of a value that has a number keeps the
    number and adds its own: `+91-98765-43210` behind `98765 43210` is `<PHONE_1.2>`, so that a model sees one phone and
    every spelling comes back as it was. What looks like a placeholder in a text is itself replaced, by `<TYPED_n>`, and
    comes back as typed: nobody gets at the value of another text by its placeholder. Backslashes before a value go
    with it, because models escape brackets by one. Each text is redacted once, behind `visible`.

    Args:
        kinds: What to replace.
        kept: Values of the business itself that stay, in any spelling: its own e-mail address, its phone.
    """

    def __init__(self, kinds: Collection[PersonalData] = ALL_KINDS, *, kept: Collection[str] = ()) -> None:
        self._kinds = frozenset(kinds)
        self._kept = frozenset((kind, canonical(kind, value)) for kind in self._kinds for value in kept)
        self._numbers: dict[tuple[str, str], int] = {}
        self._values: Counter[str] = Counter()
        self._variants: Counter[str] = Counter()
        self._names: dict[tuple[str, str], str] = {}
        self._spellings: dict[str, str] = {}

    @property
    def count(self) -> int:
        """How many distinct values were replaced; typed placeholders are no values."""
        return sum(number for label, number in self._values.items() if label != _TYPED)

    def redact(self, text: str) -> str:
        """The text with placeholders for personal data."""
        parts: list[str] = []
        rest = 0
        for start, end, label, value in self._finds(text):
            before = text[rest:start].rstrip("\\")
            parts += [before, f"<{self._name(label, value, text[rest + len(before) : end])}>"]
            rest = end
        return "".join([*parts, text[rest:]])

    def finds_any(self, text: str) -> bool:
        """Whether there is anything to replace."""
        return bool(self._values_in(text))

    def mask(self, text: str) -> str:
        """The text with `<PHONE>` for whichever phone, and so on: for a reader that gives no text back."""
        parts: list[str] = []
        rest = 0
        for found in self._values_in(text):
            parts += [text[rest : found.start], f"<{found.kind.upper()}>"]
            rest = found.end
        return "".join([*parts, text[rest:]])

    def restore(self, text: str) -> str:
        """The text with the values of this request's placeholders; unknown placeholders stay."""
        return _PLACEHOLDER.sub(self._original, text)

    def restoring(self, pieces: Iterator[str]) -> Iterator[str]:
        """The pieces of a streamed answer, restored; only what may become a placeholder waits for the next piece."""
        restoration = Restoration(self)
        for piece in pieces:
            if ready := restoration.feed(piece):
                yield ready
        if rest := restoration.finish():
            yield rest

    def _finds(self, text: str) -> list[tuple[int, int, str, str]]:
        """Start, end, label and value of all that is replaced, in order."""
        # No value has an angle bracket, so that typed placeholders and values never overlap.
        typed = [(match.start(), match.end(), _TYPED, match.group()) for match in _PLACEHOLDER.finditer(text)]
        values = [(found.start, found.end, found.kind.upper(), found.value) for found in self._values_in(text)]
        return sorted(typed + values)

    def _values_in(self, text: str) -> list[Identifier]:
        found = identifiers(text, self._kinds)
        return [each for each in found if (each.kind, each.value) not in self._kept]

    def _name(self, label: str, value: str, spelling: str) -> str:
        """The name of this spelling of a value, the one it had before or the next one."""
        known = self._names.get((label, spelling))
        if known:
            return known
        number = self._numbers.get((label, value))
        if number is None:
            self._values[label] += 1
            number = self._numbers[label, value] = self._values[label]
        stem = name = f"{label}_{number}"
        if stem in self._spellings:
            self._variants[stem] += 1
            name = f"{stem}.{self._variants[stem] + 1}"
        self._names[label, spelling] = name
        self._spellings[name] = spelling
        return name

    def _original(self, match: regex.Match[str]) -> str:
        stem = f"{match['label'].upper()}_{plain(match['number'])}"
        return self._spellings.get(stem + plain(match["spelling"] or ""), match.group())


class Restoration:
    """Restores one streamed answer, the same text however the answer is cut into pieces.

    Args:
        redactor: That redacted the prompt.
    """

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._held = ""

    def feed(self, piece: str) -> str:
        """The text that is ready after the next piece of the answer."""
        text = self._held + piece
        begun = [match.start() for match in _PLACEHOLDER.finditer(text, partial=True) if match.partial]
        ready_chars = begun[0] if begun else len(text)
        self._held = text[ready_chars:]
        return self._redactor.restore(text[:ready_chars])

    def finish(self) -> str:
        """What still waited, at the end of the answer."""
        held, self._held = self._held, ""
        return held
