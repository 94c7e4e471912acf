"""A language model's answer on its way to the visitor: guarded, verified, its sources before its first word."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from threading import Semaphore

from konverze_core.answers import Event, Sources, Token, Usage
from konverze_core.retrieval import Hit
from konverze_rag.answering.link_guard import LinkGuard
from konverze_rag.answering.recital_guard import RecitalGuard
from konverze_rag.answering.streaming_citations import CitationStream
from konverze_rag.answering.verify import Verifier
from konverze_rag.similarity import EmbeddingSimilarity


def link_guard(hosts: Sequence[str], sources: Sequence[Hit]) -> LinkGuard:
    """What lets only those links through that lead to the hosts or stand in the sources."""
    return LinkGuard(hosts, [hit.chunk.searchable_text for hit in sources])


class AnswerStream:
    """Turns what a model writes into events.

    Attributes:
        checked: What became of the answer.
        usage: What the model says that it took.

    Args:
        sources: By number, the first is number 1.
        rules: The instructions that must not be recited.
        nonce: The random word in them.
        link_hosts: Hosts that links may lead to.
        similarity: For sentences in another language than their source; None without a local model.
        computing: Held while the end of the answer is verified.
    """

    def __init__(
        self,
        sources: tuple[Hit, ...],
        *,
        rules: str,
        nonce: str,
        link_hosts: Sequence[str],
        similarity: EmbeddingSimilarity | None,
        computing: Semaphore,
    ) -> None:
        self._sources = sources
        self._computing = computing
        self._recital = RecitalGuard(rules, secrets=(nonce,))
        self._links = link_guard(link_hosts, sources)
        self.checked = CitationStream(sources, Verifier(similarity))
        self.usage = Usage()

    def events(self, pieces: Generator[str | Usage, None, None]) -> Iterator[Event]:
        """The events of the answer, with its sources before the first word: a refusal, which has no word, names none.

        Args:
            pieces: What the model writes; closed at the end, whatever happens.

        Raises:
            ProviderError: The model failed, or recites its instructions.
        """
        is_sent = False
        for event in self._checked(pieces):
            if isinstance(event, Token) and not is_sent:
                is_sent = True
                yield Sources(self._sources)
            yield event

    def _checked(self, pieces: Generator[str | Usage, None, None]) -> Iterator[Event]:
        with closing(pieces):
            for piece in pieces:
                if isinstance(piece, Usage):
                    self.usage = piece
                else:
                    yield from self.checked.feed(self._links.feed(self._recital.feed(piece)))
            with self._computing:
                events = self.checked.feed(self._links.feed(self._recital.finish()) + self._links.finish())
            yield from events
            with self._computing:
                events = self.checked.finish()
            yield from events
