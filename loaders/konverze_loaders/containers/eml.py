"""Mail (RFC 5322, MIME by RFC 2045 to 2049): its headers, the best of its bodies, and what is attached."""

from __future__ import annotations

import re
from contextlib import suppress
from email import message_from_bytes
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, TypeAlias, cast

from konverze_core.documents import BlockKind
from konverze_core.errors import LimitExceededError
from konverze_loaders.builder import DocumentBuilder
from konverze_loaders.containers.members import include_file
from konverze_loaders.encoding import decode, decode_as
from konverze_loaders.markup.html import load_html
from konverze_loaders.text import load_text

if TYPE_CHECKING:
    from konverze_core.documents import Document, MetadataValue
    from konverze_loaders.containers.members import Parse
    from konverze_loaders.reading import Reading

Part: TypeAlias = Message
MAX_LINE_CHECKS = 50_000_000
BASE_CHECKS = 10
HEAD_BYTES = 16_384
MAX_ENCODED_CHARS = 20_000
_SHOWN = ("From", "To", "Cc", "Date", "Subject")
_BODIES = ("text/plain", "text/html")
_UNSEEN = frozenset(["application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature"])
_HEADER = re.compile(
    rb"(?:From [^\r\n]*\r?\n)?((?:[!-9;-~]+[ \t]*:[^\r\n]*(?:\r?\n[ \t]+[^\r\n]*)*(?:\r?\n|\Z))+)(?:\r?\n|\Z)"
)
_BOUNDARY = re.compile(rb"boundary\s*=", re.IGNORECASE)
_NAME = re.compile(rb"^([!-9;-~]+)[ \t]*:", re.MULTILINE)
_SURE = frozenset([b"message-id", b"mime-version", b"received", b"date", b"return-path", b"delivered-to", b"reply-to"])


def is_eml(data: bytes, *, is_declared: bool) -> bool:
    """Whether the file starts with the headers of a mail.

    Args:
        data: The whole file.
        is_declared: Whether its name says so; else only headers that mail programs write will do.
    """
    head = data[:HEAD_BYTES].lstrip(b"\r\n")
    if len(data) > HEAD_BYTES:
        head = head[: head.rfind(b"\n") + 1]
    match = _HEADER.match(head)
    if match is None:
        return False
    names = {name.lower() for name in _NAME.findall(match[1])}
    if is_declared:
        return not names.isdisjoint({b"from", b"to", b"subject", *_SURE})
    return b"from" in names and len(names & _SURE) > 1


def load_eml(data: bytes, reading: Reading, parse: Parse) -> Document:
    """Makes a document of a mail; its pages, if any, are those of what is attached, and not counted.

    Args:
        data: The whole file.
        reading: Which file it is, and what it may take.
        parse: Reads a file of any format.

    Raises:
        LimitExceededError: Too many parts, lines or mails inside each other, or one of what is attached is too large.
    """
    # The parser asks of each line whether it ends any of the parts that are open.
    checks = data.count(b"\n") * (BASE_CHECKS + len(_BOUNDARY.findall(data)))
    if checks > MAX_LINE_CHECKS:
        raise LimitExceededError(reading.source, "too many lines for so many parts inside each other")
    message = message_from_bytes(data)
    reading.check("max_entries", sum(1 for _ in message.walk()))
    return _Mail(message, reading, parse).document()


class _Mail:
    """Feeds a mail to a builder."""

    def __init__(self, message: Part, reading: Reading, parse: Parse) -> None:
        self._message = message
        self._reading = reading
        self._parse = parse
        self._builder = DocumentBuilder(reading)

    def document(self) -> Document:
        headers = {name: text for name in _SHOWN if (text := _header(self._message, name))}
        self._builder.add(BlockKind.HEADING, headers.get("Subject", ""), level=1)
        self._builder.add(BlockKind.PARAGRAPH, "\n".join(f"{name}: {text}" for name, text in headers.items()))
        self._add(self._message)
        return self._builder.build({"format": "eml", **_facts(headers)})

    def _add(self, part: Part) -> None:
        kind = part.get_content_type()
        if not part.is_multipart():
            self._add_leaf(part, kind)
        elif kind == "multipart/alternative":
            # The last is the richest (RFC 2046, 5.1.4); some are empty all the same.
            inner = _inner(part)
            best = next((found for found in reversed(inner) if _has_words(found)), None)
            for found in [best] if best is not None else inner:
                self._add(found)
        elif kind == "message/rfc822":
            for message in _inner(part):
                self._add_message(message, part)
        elif kind.startswith("message/"):
            fields = [f"{name}: {value}" for block in _inner(part) for name, value in block.items()]
            self._builder.add(BlockKind.PARAGRAPH, "\n".join(fields))
        else:
            for found in _inner(part):
                self._add(found)

    def _add_message(self, message: Part, part: Part) -> None:
        title = _header(message, "Subject") or _filename(part) or "message"
        self._builder.include(_Mail(message, self._reading.inner("message"), self._parse).document(), title)

    def _add_leaf(self, part: Part, kind: str) -> None:
        payload = _payload(part)
        name = _filename(part)
        self._reading.expand(len(payload))
        if (
            not name
            and part.get_content_disposition() != "attachment"
            and (kind in _BODIES or kind.startswith("multipart/"))
        ):
            self._add_body(part, payload, is_html=kind == "text/html")
        elif kind not in _UNSEEN:
            include_file(payload, name or kind.replace("/", "."), self._builder, self._reading, parse=self._parse)

    def _add_body(self, part: Part, payload: bytes, *, is_html: bool) -> None:
        if not payload.strip():
            return
        label = (part.get_content_charset() or "").lower()
        decoded = decode_as(payload, label) or decode(payload, self._reading.source, is_markup=is_html)
        load = load_html if is_html else load_text
        self._builder.include(load(decoded.text, self._reading, encoding=decoded.encoding), "")


def _inner(part: Part) -> list[Part]:
    return cast("list[Part]", part.get_payload()) if part.is_multipart() else []


def _has_words(part: Part) -> bool:
    return any(found.get_content_type() in _BODIES and _payload(found).strip() for found in part.walk())


def _payload(part: Part) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _filename(part: Part) -> str:
    return _words(part.get_filename() or "").replace("/", " ").replace("\\", " ").strip()


def _header(message: Part, name: str) -> str:
    wanted = name.lower()
    return next((_words(str(value)) for key, value in message.raw_items() if key.lower() == wanted), "")


def _words(raw: str) -> str:
    """A header in letters: encoded words (RFC 2047) decoded, and bytes as UTF-8 or, failing that, Windows-1252."""
    data = raw.encode("utf-8", "surrogateescape")
    try:
        raw = data.decode("utf-8")
    except UnicodeDecodeError:
        raw = data.decode("cp1252", "replace")
    if "=?" in raw and len(raw) <= MAX_ENCODED_CHARS:
        with suppress(MessageError, LookupError, ValueError):
            raw = str(make_header(decode_header(raw)))
    return " ".join(raw.split())


def _facts(headers: dict[str, str]) -> dict[str, MetadataValue]:
    facts: dict[str, MetadataValue] = {name.lower(): text for name, text in headers.items()}
    if "Subject" in headers:
        facts["title"] = headers["Subject"]
    if "Date" in headers:
        with suppress(ValueError, TypeError, IndexError, OverflowError):
            facts["date"] = parsedate_to_datetime(headers["Date"]).isoformat()
    return facts
