"""What of a tenant goes out to a remote embedding model: without personal data, counted, and paid for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from konverze_core.answers import Usage
from konverze_core.protocols import Embedder, EmbedderInfo, Vectors
from konverze_rag.conversations.spending import Spending
from konverze_rag.privacy import Privacy
from konverze_rag.question_batches import QuestionBatches
from konverze_rag.settings import Settings

OnUsage: TypeAlias = Callable[[Usage], None]
"""Told what a call of a remote model took, in the thread that made it."""


def unheard(_: Usage) -> None:
    """Told, and does nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscreetEmbedder:
    """The embedding model as one tenant uses it; implements `Embedder`.

    Of the personal data that the settings redact, a remote model sees the kinds alone; a local model sees all.

    Attributes:
        model: The engine's own, or the one to come.
        settings: The tenant's settings at the moment of a call.
        tell: Told what each call of a remote model took.
    """

    model: Embedder
    settings: Callable[[], Settings]
    tell: OnUsage = unheard

    @property
    def info(self) -> EmbedderInfo:
        """What identifies the model."""
        return self.model.info

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, float32, shape (len(texts), dim).

        Raises:
            KonverzeError: The model failed, or the settings cannot be read.
        """
        return self._embedded(self.model.embed_documents, texts)

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, float32, shape (len(texts), dim).

        Raises:
            KonverzeError: The model failed, or the settings cannot be read.
        """
        return self._embedded(self.model.embed_queries, texts)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text by the model's own tokenizer."""
        return self.model.count_tokens(texts)

    def outgoing(self, texts: Sequence[str], settings: Settings) -> tuple[list[str], Usage]:
        """The texts as a remote model sees them, and what they take.

        Args:
            texts: What to embed.
            settings: Of the call.
        """
        privacy = Privacy(settings.redact, settings.redaction_keeps)
        seen = [privacy.masked(text) for text in texts]
        usage = Usage(input_tokens=sum(self.count_tokens(seen)))
        price = settings.prices.get(self.info.name)
        return seen, usage if price is None else price.of(usage)

    def hides(self, text: str, settings: Settings) -> bool:
        """Whether a vector lacks what tells this text from others of its kind: the very number, or address."""
        return self.info.is_remote and Privacy(settings.redact, settings.redaction_keeps).hides(text)

    def _embedded(self, embed: Callable[[Sequence[str]], Vectors], texts: Sequence[str]) -> Vectors:
        if not self.info.is_remote:
            return embed(texts)
        seen, usage = self.outgoing(texts, self.settings())
        vectors = embed(seen)
        self.tell(usage)
        return vectors


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantQuestions:
    """Embeds the questions of one tenant; what a remote model takes is paid from the budget of the day.

    Attributes:
        batches: Embeds the questions of all tenants.
        embedder: The same model, as the tenant uses it.
        spending: What the tenant spends a day.
    """

    batches: QuestionBatches
    embedder: DiscreetEmbedder
    spending: Spending

    def telling(self, tell: OnUsage) -> TenantQuestions:
        """The same, which tells somebody what it takes."""
        return replace(self, embedder=replace(self.embedder, tell=tell))

    def vector(self, text: str) -> Vectors:
        """The question's vector: float32, shape (dim,), a copy of its own.

        Raises:
            KonverzeError: The settings or what was spent cannot be read.
            ProviderError: The model failed, or the budget does not cover the question.
        """
        if not self.embedder.info.is_remote:
            return self.batches.vector(text)
        settings = self.embedder.settings()
        [seen], usage = self.embedder.outgoing([text], settings)
        reserved, used = self.spending.reserve(settings, lambda: usage), Usage()
        try:
            vector = self.batches.vector(seen)
            used = usage
        finally:
            self.spending.settle(reserved, used)
        self.embedder.tell(used)
        return vector
