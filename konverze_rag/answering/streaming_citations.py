"""Checks the marks of an answer while it streams: text flows at once, a mark waits until its sentence is verified."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from operator import itemgetter

import regex

from konverze_core.answers import Citation, Cited, Event, Token, Unsupported
from konverze_core.documents import Span
from konverze_core.retrieval import Hit
from konverze_loaders.chunkers.sentences import split_sentences
from konverze_rag.answering.claims import claims_of
from konverze_rag.answering.marks import REFUSAL_SENTINEL, is_mark, may_be_mark, numbers_of
from konverze_rag.answering.verify import Support, Verifier, Verify, citation
from konverze_rag.answering.wording import content_words

STRONG_SUPPORT = 0.85
"""Score from which a sentence without a mark gets its citation all the same."""
# "and paid by UPI" can stand for itself when the whole sentence rests on two sources.
_FEWEST_CLAIM_WORDS = 2
_FENCE = "```"
_IN_LINK = regex.compile(r"\]\([^\s)]*$")
_OPENERS = "[【"
_BLANKS = " \t"
# Of this nothing has to wait, once something was said.
_FLOWING = regex.compile(rf"[^{_BLANKS}{regex.escape(_OPENERS)}{REFUSAL_SENTINEL[0]}]+")
# The model may wrap the sentinel: **NO_ANSWER**, "NO_ANSWER".
_WRAPPING = " \t\r\n*`\"'"


class CitationStream:
    """Turns pieces of a model's answer into events, the same ones however the answer is cut into pieces.

    A mark is `[1]`, `[1, 2]`, `[1-3]` or `【1】`; it is sent as one `[n]` for each source that supports the sentence
    before it, followed by one `Cited`. Marks of sources that do not exist or do not support the sentence are left out
    and counted in `removed`. Brackets that are no mark, Markdown links and code pass through. An answer that is
    `REFUSAL_SENTINEL` sends nothing and sets `refused`. At the end, one `Unsupported` tells of each sentence that
    claims something no source says.

    Args:
        sources: The sources by number, the first is number 1.
        verify: Judges a sentence against a source.
        cite_unmarked: At the end, cite sentences that bear no mark but that a source supports strongly. Their text has
            been sent already, so such a citation comes as `Cited` alone, without a mark in the text.
    """

    def __init__(self, sources: tuple[Hit, ...], verify: Verify | None = None, *, cite_unmarked: bool = True) -> None:
        self._sources = sources
        self._verify = verify or Verifier()
        self._cite_unmarked = cite_unmarked
        self._sent: list[str] = []
        self._plain = ""
        self._held = ""
        self._gap = ""
        self._claim_start = 0
        self._cited: dict[tuple[int, int], Citation] = {}
        self._marks: list[tuple[int, int]] = []  # places in the plain text, and characters of all marks up to there
        self._support_of_claims: list[float] = []
        self._saw_sentinel = False
        self._silent = False
        self.removed = 0
        self.unsupported: tuple[Span, ...] = ()

    @property
    def text(self) -> str:
        """The text sent so far, verified marks included."""
        return "".join(self._sent)

    @property
    def citations(self) -> tuple[Citation, ...]:
        """The verified citations, by number, then by place in the answer."""
        return tuple(self._cited[key] for key in sorted(self._cited))

    @property
    def confidence(self) -> float:
        """Mean support of the answer's claims, 0 to 1; an unsupported one counts 0, and no claim at all is 0."""
        scores = self._support_of_claims
        return sum(scores) / len(scores) if scores else 0.0

    @property
    def refused(self) -> bool:
        """Whether the model said that the sources do not answer, and nothing that they support."""
        return self._saw_sentinel and not self._cited

    def feed(self, piece: str) -> list[Event]:
        """Events for the next piece of the answer."""
        events: list[Event] = []
        place = 0
        while place < len(piece) and not self._silent:
            flowing = None if self._held or not self._plain else _FLOWING.match(piece, place)
            if flowing:
                self._say(flowing[0], events)
            else:
                self._take(piece[place], events)
            place = flowing.end() if flowing else place + 1
        return _joined(events)

    def finish(self) -> list[Event]:
        """Events for the end of the answer; afterwards all that is told of it is final."""
        events: list[Event] = []
        self._release(events, "")
        if not self.refused:
            self._judge_claims(events)
        return _joined(events)

    def _take(self, character: str, events: list[Event]) -> None:
        held = self._held + character
        if self._could_hold(held):
            self._held = held
            return
        if self._held:
            self._release(events, character)
            if not self._silent:
                self._take(character, events)
            return
        self._say(character, events)

    def _could_hold(self, held: str) -> bool:
        """Whether this must wait: blanks, a beginning of a mark or of the sentinel, or a whole one of them."""
        core = held.lstrip(_BLANKS)
        if not core:
            return True
        if not self._plain and REFUSAL_SENTINEL.startswith(held.lstrip(_WRAPPING)):
            return True
        if REFUSAL_SENTINEL.startswith(core):
            return True
        return core[0] in _OPENERS and not self._stands_in_code() and may_be_mark(core)

    def _release(self, events: list[Event], following: str) -> None:
        """Decides on what was held, now that the next character (none at the end) is known."""
        held, self._held = self._held, ""
        core = held.lstrip(_BLANKS)
        if core.strip(_WRAPPING) == REFUSAL_SENTINEL:
            self._saw_sentinel = True
            self._silent = not self._plain
        elif is_mark(core) and following != "(" and not self._plain.endswith("\\"):
            self._resolve(core, held[: len(held) - len(core)], events)
        elif core[:1] in _OPENERS and len(core) > 1:
            self._say(held[: len(held) - len(core) + 1], events)
            for character in core[1:]:
                self._take(character, events)
        elif core or following:
            self._say(held, events)

    def _say(self, text: str, events: list[Event]) -> None:
        if self._gap and text[0].isalnum():
            text = self._gap + text
        self._gap = ""
        self._plain += text
        self._send(text, events)

    def _send(self, text: str, events: list[Event]) -> None:
        self._sent.append(text)
        events.append(Token(text))

    def _send_mark(self, mark: str, events: list[Event]) -> None:
        before = self._marks[-1][1] if self._marks else 0
        self._marks.append((len(self._plain), before + len(mark)))
        self._send(mark, events)

    def _stands_in_code(self) -> bool:
        """Whether what comes next is code or the target of a link, where brackets are no marks."""
        line = self._plain.rpartition("\n")[2]
        return self._plain.count(_FENCE) % 2 == 1 or line.count("`") % 2 == 1 or _IN_LINK.search(line) is not None

    def _resolve(self, mark: str, blanks: str, events: list[Event]) -> None:
        """Sends the numbers of the mark that hold, and counts the others."""
        start = self._sentence_start()
        verified: list[tuple[int, Citation]] = []
        for number in numbers_of(mark, most=len(self._sources)):
            if (number, start) in self._cited and self._claim_start == len(self._plain):
                continue
            hit = self._sources[number - 1] if 0 < number <= len(self._sources) else None
            support = self._support(start, hit) if hit else None
            if hit and support:
                verified.append((number, citation(number, hit, support)))
            else:
                self.removed += 1
        blanks = self._gap or blanks
        self._gap = "" if verified else blanks
        for place, (number, found) in enumerate(verified):
            self._send_mark(f"{'' if place else blanks}[{number}]", events)
            if (number, start) not in self._cited:
                self._cited[number, start] = found
                events.append(Cited(found))
        if verified:
            self._claim_start = len(self._plain)

    def _sentence_start(self) -> int:
        """Where in the plain text the sentence before a mark begins; a mark after the full stop belongs to it too."""
        line_start = self._plain.rstrip().rfind("\n") + 1
        spans = split_sentences(self._plain[line_start:])
        return line_start + (spans[-1].start if spans else 0)

    def _support(self, start: int, hit: Hit) -> Support | None:
        """How the source supports the sentence, or what was added to it since the last verified mark."""
        claims = [self._plain[start:]]
        if self._claim_start > start and len(content_words(self._plain[self._claim_start :])) >= _FEWEST_CLAIM_WORDS:
            claims.append(self._plain[self._claim_start :])
        judged = (self._verify(claim.strip(), hit) for claim in claims)
        return next((support for support in judged if support.supported), None)

    def _judge_claims(self, events: list[Event]) -> None:
        """Looks for support of the sentences that no mark supports, and says which ones have none."""
        supported = {start: found.score for (_, start), found in sorted(self._cited.items())}
        unsupported: list[Span] = []
        for span in claims_of(self._plain):
            score = supported.pop(span.start, None)
            if score is None:
                score = self._strongest(span, events)
            if score is None:
                unsupported.append(self._shown(span))
            self._support_of_claims.append(score or 0.0)
        self._support_of_claims += supported.values()  # "Yes [1]."
        self.unsupported = tuple(unsupported)
        events += map(Unsupported, unsupported)

    def _strongest(self, span: Span, events: list[Event]) -> float | None:
        """The best support that a source gives a sentence without a mark; it is cited where that is strong."""
        sentence = self._plain[span.start : span.end]
        judged = [(self._verify(sentence, hit), number) for number, hit in enumerate(self._sources, start=1)]
        found = [(support.score, -number, support) for support, number in judged if support.supported]
        if not found:
            return None
        score, negative, support = max(found, key=lambda item: item[:2])
        if self._cite_unmarked and score >= STRONG_SUPPORT:
            cited = citation(-negative, self._sources[-negative - 1], support)
            self._cited[-negative, span.start] = cited
            events.append(Cited(cited))
        return score

    def _shown(self, span: Span) -> Span:
        """Where a span of the plain text stands in the text with its marks."""
        before = bisect_right(self._marks, span.start, key=itemgetter(0))
        inside = bisect_left(self._marks, span.end, key=itemgetter(0))
        start, end = (self._marks[count - 1][1] if count else 0 for count in (before, inside))
        return Span(span.start + start, span.end + end)


def _joined(events: list[Event]) -> list[Event]:
    """Neighbouring tokens as one."""
    joined: list[Event] = []
    for event in events:
        last = joined[-1] if joined else None
        if isinstance(event, Token) and isinstance(last, Token):
            joined[-1] = Token(last.text + event.text)
        else:
            joined.append(event)
    return joined
