"""Keeps addresses that a language model made up out of its answers.

A link or an image is how instructions that were planted in a source would carry what visitors said to a stranger's
server (OWASP Top 10 for LLM Applications, 2025: LLM01, LLM05). So what renders as a link or image must lead to a host
that the tenant allows. An address that stands in a source word for word carries nothing out: it stays, as plain text.
All others go, and HTML tags with them. Fenced code, which is shown and not rendered, stays as it is where no reader can
take it for anything else: behind a fence that may stand in a list, a quote or another fence, none is trusted any more.
"""

from __future__ import annotations

import html
from collections.abc import Collection, Sequence
from urllib.parse import urlsplit

import regex

LINK_REMOVED = "(link removed)"
"""Stands for an address that neither the tenant nor a source knows."""

MAX_HELD_CHARS = 2_000
"""Longest link, tag or escape that is waited for."""

# Where something begins that is not to be sent as it is, or may begin at the end of what came in so far.
_START = regex.compile(r"\]|<|//|/$|\bhttps?:|\bwww\.|\b(?:h|ht|htt|https?|w|ww|www)$", regex.IGNORECASE)
_ENTITY = regex.compile(r"&(?:#\d{1,7}|#x[\da-f]{1,6}|\w{2,8});", regex.IGNORECASE)
_ESCAPED = regex.compile(r"(?<!\\)\\++([/:])")
_HALF_ESCAPED = regex.compile(r"(?<!\\)\\*+&#?\w{0,8}$|(?<!\\)\\++$")
_TARGET = regex.compile(r"\((?P<address>(?:[^()\\]|\\.|\((?:[^()\\]|\\.)*\))*)\)")
_TAG = regex.compile(
    r"<[/!?]?[a-z][\w:.-]*(?:[\s/]+(?:[^\s/<>\"'=]+(?:\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s\"'<>=`]+))?)?)*+>|<!--.*?-->",
    regex.IGNORECASE,
)
_AUTOLINK = regex.compile(r"<(?P<address>[a-z][a-z0-9+.-]{1,31}:[^\s<>]*)>", regex.IGNORECASE)
_BARE = regex.compile(r"(?:https?:)?//[^\s<>()\[\]\"'`|]+|www\.[^\s<>()\[\]\"'`|]+", regex.IGNORECASE)
_HOST = regex.compile(r"//[\w-]+(?:\.[\w-]+)+")
_LABEL_GOES_ON = regex.compile(r"(?:[^\\\[\]]|\\.)*+", regex.DOTALL)
_LABEL_BEGINS = regex.compile(rf"[\s>*+.)\d-]*+\[{_LABEL_GOES_ON.pattern}", regex.DOTALL)  # also in quotes and lists
_OPENS_FENCE = regex.compile(r"(?P<ticks>`{3,})[^`]*")
_CLOSES_FENCE = regex.compile(r" {0,3}(?P<ticks>`{3,})[ \t]*\n?")
_MAY_BE_FENCE = regex.compile(r"[\s>*+.)\d-]*(?:```|~~~)")
_OPENS_TAG = regex.compile(r"<[a-z/!?]", regex.IGNORECASE)
_LINES = regex.compile(r"[^\n]*\n|[^\n]+")
_WRITTEN_OTHERWISE = frozenset(":/\\[]()<>!.@")
_STOPS = ".,;:!?*_"


class LinkGuard:
    """Takes an answer in pieces and gives what may be sent of it, the same however it is cut.

    Args:
        hosts: Hosts that links and images may lead to; `*.acme.example` for all below one, `*` for all.
        sources: Texts of the sources.
    """

    def __init__(self, hosts: Collection[str], sources: Sequence[str]) -> None:
        self._hosts = frozenset(host.casefold() for host in hosts)
        self._sources = "\n".join(sources)
        self._held = ""
        self._line = ""  # what was sent of the line
        self._is_label = False  # whether the lines above are a label that has not ended
        self._fence = 0  # ticks of the fence that is open
        self._trusts_fences = True

    def feed(self, piece: str) -> str:
        """What may be sent now."""
        # Some readers take a carriage return for the end of a line: none is left to differ about.
        return "".join([self._taken(part) for part in _LINES.findall(piece.replace("\r", ""))])

    def finish(self) -> str:
        """What was held back to the end."""
        held, self._held = self._held, ""
        return self._scanned(held, is_end=True)

    def _taken(self, part: str) -> str:
        text, self._held = self._held + part, ""
        is_end = text.endswith("\n")
        shown = self._passed(text) if self._fence else self._scanned(text, is_end=is_end)
        if is_end:
            self._turn_fence(self._line)
            self._is_label = bool(self._line.strip()) and self._is_in_label()
            self._line = ""
        return shown

    def _passed(self, text: str) -> str:
        self._line += text
        return text

    def _turn_fence(self, line: str) -> None:
        """Opens or closes a block of code (CommonMark 0.31, section 4.5); one that is not indented is in no other."""
        if self._fence:
            closes = _CLOSES_FENCE.fullmatch(line)
            if closes and len(closes["ticks"]) >= self._fence:
                self._fence = 0
        elif self._trusts_fences and (opens := _OPENS_FENCE.fullmatch(line)):
            self._fence = len(opens["ticks"])
        elif _MAY_BE_FENCE.match(line):
            self._trusts_fences = False

    def _scanned(self, text: str, *, is_end: bool) -> str:
        text = _ESCAPED.sub(r"\1", _ENTITY.sub(_plainly, text))
        half = None if is_end else _HALF_ESCAPED.search(text)
        text, rest = (text[: half.start()], half[0]) if half and len(half[0]) <= MAX_HELD_CHARS else (text, "")
        sent: list[str] = []
        while (start := self._start(text)) is not None:
            sent.append(self._passed(text[:start]))
            text = text[start:]
            shown, taken = self._judged(text, is_end=is_end or len(text) > MAX_HELD_CHARS)
            if not taken:
                self._held = text + rest
                return "".join(sent)
            sent.append(self._passed(shown))
            text = text[taken:]
        self._held = rest
        return "".join([*sent, self._passed(text)])

    def _start(self, text: str) -> int | None:
        """Where what is not to be sent as it is begins; a word does not begin behind a letter that was sent."""
        sent = self._line[-1:]
        begin = _START.search(sent + text, len(sent))
        return begin and begin.start() - len(sent)

    def _judged(self, text: str, *, is_end: bool) -> tuple[str, int]:
        """What to send for the beginning of a text, and how much of it that stands for; nothing to wait for more."""
        match text[0]:
            case "]":
                return self._after_words(text, is_end=is_end)
            case "<":
                return self._tag(text, is_end=is_end)
            case _:
                return self._bare(text, is_end=is_end)

    def _after_words(self, text: str, *, is_end: bool) -> tuple[str, int]:
        """What follows words in brackets: a target, or the address that a reference to them leads to."""
        end = 1
        while found := _TARGET.match(text, end):
            address = _address(found["address"])
            if self._is_allowed(address):
                return f"]{found[0]}", found.end()
            if self._is_known(address):
                return f"] ({address})", found.end()
            end = found.end()  # what stands behind it follows the words now
        following = text[end : end + 1]
        if following in {"", "("} and not is_end:
            return "", 0
        defines = following == ":" and self._is_in_label()
        return ("] " if defines or following == "(" else "]"), end

    def _is_in_label(self) -> bool:
        """Whether what was sent ends in a label that may define a reference."""
        goes_on = self._is_label and _LABEL_GOES_ON.fullmatch(self._line) is not None
        return goes_on or _LABEL_BEGINS.fullmatch(self._line) is not None

    def _tag(self, text: str, *, is_end: bool) -> tuple[str, int]:
        if link := _AUTOLINK.match(text):
            return self._shown(link["address"]), link.end()
        if found := _TAG.match(text):
            return " ", found.end()  # never nothing: what stood around it must not become one word
        may_be_tag = _TAG.match(text, partial=True) or _AUTOLINK.match(text, partial=True)
        if may_be_tag and not is_end:
            return "", 0
        return ("< ", 1) if _OPENS_TAG.match(text) else ("<", 1)

    def _bare(self, text: str, *, is_end: bool) -> tuple[str, int]:
        found = _BARE.match(text)
        if found is None:
            may_be = _BARE.match(text, partial=True) is not None and not is_end
            return ("", 0) if may_be else (text[0], 1)
        if found.end() == len(text) and not is_end:
            return "", 0
        address = found[0].rstrip(_STOPS)
        has_scheme = not address.startswith("//") or self._line.endswith(":") or _HOST.match(address) is not None
        return self._shown(address) if has_scheme else address, len(address)

    def _shown(self, address: str) -> str:
        return address if self._is_allowed(address) or self._is_known(address) else LINK_REMOVED

    def _is_known(self, address: str) -> bool:
        """Whether a source has the address."""
        scheme, _, rest = address.partition(":")
        spelled = rest if scheme.lower() in {"mailto", "tel"} else address if is_web(address) else ""
        return bool(spelled) and spelled in self._sources

    def _is_allowed(self, address: str) -> bool:
        """Whether the tenant allows its host; not where readers differ about which part is the host."""
        if not is_web(address) or "\\" in address or not address.isprintable():
            return False
        try:
            parts = urlsplit(address if "//" in address.partition("?")[0] else f"//{address}")
            host = (parts.hostname or "").casefold()
        except ValueError:
            return False
        if "@" in parts.netloc or not host.isascii():
            return False
        above = host.partition(".")[2]
        return bool(host) and not self._hosts.isdisjoint({host, f"*.{above}", "*"})


def is_web(address: str) -> bool:
    """Whether an address is of the web: `https://…`, `//…` or `www.…`."""
    return address.lower().startswith(("https://", "http://", "//", "www."))


def _plainly(entity: regex.Match[str]) -> str:
    """A character that makes up links, where it is written in another way."""
    plain = html.unescape(entity[0])
    return plain if plain in _WRITTEN_OTHERWISE else entity[0]


def _address(target: str) -> str:
    """The address of a link's target, without title and brackets."""
    stripped = target.strip()
    inner = stripped[1:].partition(">")[0] if stripped.startswith("<") else stripped.split(" ")[0]
    return regex.sub(r"\\([!-/:-@\[-`{-~])", r"\1", html.unescape(inner)).strip()
