"""What a pool and its workers say to each other.

A request is `REQUEST_HEAD` (length of the order, length of the file), the order in MessagePack, and the file as it is.
A reply is `REPLY_HEAD` (its length) and a `Reply` in MessagePack. Only plain values travel, never code; the pool takes
nothing on trust that comes from a worker, because the file that it read may have taken it over.
"""

from __future__ import annotations

import struct
from typing import Annotated, TypeAlias

import msgspec
from msgspec import Meta, Struct

from konverze_core.documents import Block, Document, MetadataScalar, Page, Unread
from konverze_core.errors import KonverzeError, LoadError, MissingExtraError
from konverze_loaders.limits import LoadLimits

REQUEST_HEAD = struct.Struct(">IQ")
REPLY_HEAD = struct.Struct(">Q")
STATUS = struct.Struct("b")

MAX_FACTS = 1_000
"""Facts in a document's metadata, and values of one. Nothing else grows so much when it is decoded."""

MAX_REASON_CHARS = 1_000

_Values: TypeAlias = Annotated[list[MetadataScalar], Meta(max_length=MAX_FACTS)]
_Facts: TypeAlias = Annotated[dict[str, MetadataScalar | _Values], Meta(max_length=MAX_FACTS)]
_ERRORS: dict[str, type[KonverzeError]] = {
    kind.__name__: kind for kind in (*LoadError.__subclasses__(), LoadError, MissingExtraError)
}


class Start(Struct, frozen=True, kw_only=True):
    """What a worker is told when it is started: its pipes, and the limits that hold for every file.

    Attributes:
        requests: Descriptor that requests are read from.
        replies: Descriptor that replies are written to.
        status: Descriptor that the end of each file's process is written to, as `STATUS`: 0, its exit code, or the
            number of the signal that killed it, negative. The first is a 0 when the worker has started.
        lifeline: Descriptor that ends when the pool's process does.
        max_memory_bytes: As in `WorkerLimits`.
        max_output_bytes: As in `WorkerLimits`.
        max_open_files: As in `WorkerLimits`.
    """

    requests: int
    replies: int
    status: int
    lifeline: int
    max_memory_bytes: int
    max_output_bytes: int
    max_open_files: int


class Order(Struct, frozen=True, kw_only=True):
    """What to do with a file.

    Attributes:
        name: Its name.
        password: Opens what is locked.
        limits: How large it may be.
        cpu_s: Seconds of computing that it may take.
    """

    name: str
    password: str | None
    limits: LoadLimits
    cpu_s: int


class Failure(Struct, frozen=True, kw_only=True):
    """An error of `load`.

    Attributes:
        kind: Name of its class.
        source: Name of the file.
        reason: What is wrong with it.
    """

    kind: str
    source: str
    reason: str


class _Fields(Struct, frozen=True, kw_only=True):
    """A document."""

    text: str
    blocks: tuple[Block, ...]
    pages: tuple[Page, ...]
    metadata: _Facts
    unread: tuple[Unread, ...]


class Reply(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A document, or why there is none."""

    document: _Fields | None = None
    failure: Failure | None = None


_decoder = msgspec.msgpack.Decoder(Reply)


def encoded_document(document: Document) -> bytes:
    """A reply that holds the document.

    Raises:
        Exception: It holds what MessagePack cannot say, such as a number beyond 64 bits.
    """
    fields = _Fields(
        text=document.text,
        blocks=document.blocks,
        pages=document.pages,
        metadata=dict(document.metadata),
        unread=document.unread,
    )
    return msgspec.msgpack.encode(Reply(document=fields))


def encoded_failure(error: KonverzeError) -> bytes:
    """A reply that holds the error."""
    source, reason = (error.source, error.reason) if isinstance(error, LoadError) else ("", str(error))
    return msgspec.msgpack.encode(Reply(failure=Failure(kind=type(error).__name__, source=source, reason=reason)))


def decoded(reply: memoryview) -> Document | Failure:
    """What a worker has replied, checked.

    Raises:
        ValueError: It is no reply, or a document that breaks the rules of `Document`.
    """
    try:
        said = _decoder.decode(reply)
    except (msgspec.MsgspecError, RecursionError) as exc:
        raise ValueError("no reply") from exc
    if (said.document is None) is (said.failure is None):
        raise ValueError("neither a document nor an error, or both")
    if said.failure is not None:
        return said.failure
    assert said.document is not None
    fields = said.document
    _check_blocks(fields.blocks, len(fields.text))
    _check_pages(fields.pages, len(fields.text))
    if any(unread.page is not None and unread.page < 1 for unread in fields.unread):
        raise ValueError("pages are counted from 1")
    return Document(
        text=fields.text,
        blocks=fields.blocks,
        pages=fields.pages,
        metadata=fields.metadata,
        unread=fields.unread,
    )


def error_of(failure: Failure, name: str, sent_name: str) -> KonverzeError:
    """The error that a failure tells of.

    Args:
        failure: What the worker said.
        name: Name of the file.
        sent_name: How the worker was told it.

    Raises:
        ValueError: There is no such error, or it is about another file.
    """
    kind = _ERRORS.get(failure.kind)
    reason = failure.reason[:MAX_REASON_CHARS]
    if kind is None:
        raise ValueError("no error of load")
    if not issubclass(kind, LoadError):
        return kind(reason)
    inner = failure.source.removeprefix(sent_name)[:MAX_REASON_CHARS]
    if not failure.source.startswith(sent_name) or (inner and not inner.startswith("/")):
        raise ValueError("an error of another file")
    return kind(name + inner, reason)


def _check_blocks(blocks: tuple[Block, ...], length: int) -> None:
    position = 0
    for block in blocks:
        span = block.span
        if not position <= span.start <= span.end <= length:
            raise ValueError("blocks that overlap, or reach beyond the text")
        if block.level < 0 or (block.table is not None and block.table < 0):
            raise ValueError("a negative level or table")
        position = span.end


def _check_pages(pages: tuple[Page, ...], length: int) -> None:
    position = 0
    for number, page in enumerate(pages, start=1):
        if page.number != number or not position <= page.span.start <= page.span.end <= length:
            raise ValueError("pages out of order, or beyond the text")
        position = page.span.end
