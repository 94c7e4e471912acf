"""Reads and cuts a file as an ingest does, and stores nothing."""

from __future__ import annotations

from contextlib import ExitStack

from konverze_core.errors import ConfigError
from konverze_loaders import Chunker, LoadLimits
from konverze_loaders.chunkers.chunking import CountTokens
from konverze_rag import opening
from konverze_rag.chunkers import chunker_of, counts_of
from konverze_rag.ingest.preparing import LoadDocument
from konverze_rag.inspecting.inspection import Inspection, pages_of
from konverze_rag.outgoing import DiscreetEmbedder
from konverze_rag.providers.tiktoken_offline import TokenCounter
from konverze_rag.settings import Settings
from konverze_rag.uploads import Upload, at_hand, named_uploads, upload_bytes


class Inspector:
    """Looks at files.

    Args:
        chunker: Cuts documents.
        count_tokens: Counts as the embedding model does.
        load: Reads files.
        limits: How large a file may be.
    """

    def __init__(self, chunker: Chunker, count_tokens: CountTokens, *, load: LoadDocument, limits: LoadLimits) -> None:
        self._chunker = chunker
        self._count_tokens = count_tokens
        self._load = load
        self._limits = limits

    def inspect(self, content: Upload, *, source: str | None = None, password: str | None = None) -> Inspection:
        """The file as an ingest would index it; see `Tenant.inspect`."""
        uploads = named_uploads(content, source)
        if len(uploads) != 1:
            raise ConfigError("an inspection takes one file")
        upload, _ = at_hand(uploads[0], self._limits)
        data = upload_bytes(upload, self._limits)
        document = self._load(data, name=upload.name, password=password, limits=self._limits)
        chunks = self._chunker.chunk(document, upload.source)
        return Inspection(
            source=upload.source,
            content_bytes=len(data),
            document=document,
            pages=pages_of(document),
            chunker=self._chunker.name,
            chunks=tuple(chunks),
            tokens=tuple(self._count_tokens([chunk.searchable_text for chunk in chunks])),
        )


def inspect_file(
    content: Upload,
    *,
    source: str | None = None,
    password: str | None = None,
    settings: Settings | None = None,
    limits: LoadLimits | None = None,
) -> Inspection:
    """What loader and chunker make of a file, without a tenant; `Tenant.inspect` goes by a tenant's settings.

    Args:
        content: A path, bytes, or a binary file object.
        source: The document id; by default the file's name.
        password: Opens a locked file, also one inside the file.
        settings: Name the chunker, its sizes and the embedding model; by default what the environment states.
        limits: How large the file may be.

    Raises:
        ConfigError: The settings cannot be used, the path does not exist, or the source is illegal.
        LoadError: The file cannot be read, or has no text; the message says why.
        MissingExtraError: The settings ask for an extra that is not installed.
        ProviderError: The model that tells a semantic chunker what is alike failed.
    """
    settings = Settings() if settings is None else settings
    with ExitStack() as owned:
        model = opening.embedder(settings, owned)
        embedder = None if model is None else DiscreetEmbedder(model=model, settings=lambda: settings)
        count = counts_of(embedder, TokenCounter.for_model(settings.chat_model).count_many)
        inspector = Inspector(
            chunker_of(settings, embedder, count),
            count,
            load=opening.document_loader(settings, owned),
            limits=limits or LoadLimits(),
        )
        return inspector.inspect(content, source=source, password=password)
