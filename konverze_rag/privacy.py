"""What models see of a question, its history and its sources, where personal data is to stay here."""

from __future__ import annotations

from collections.abc import Collection, Generator, Sequence
from contextlib import closing

from msgspec import structs

from konverze_core.answers import Usage
from konverze_core.protocols import Message
from konverze_core.retrieval import Hit
from konverze_rag.answering.untrusted import visible
from konverze_rag.redaction import PersonalData, Redactor, Restoration


class Privacy:
    """Of one question: placeholders in all that goes out, and their values in what comes back.

    Args:
        kinds: What to replace; nothing for texts as they are.
        kept: The business's own addresses and numbers.
    """

    def __init__(self, kinds: Collection[PersonalData], kept: Collection[str]) -> None:
        self._redactor = Redactor(kinds, kept=kept) if kinds else None

    def text(self, text: str) -> str:
        """The text as it goes out."""
        return text if self._redactor is None else self._redactor.redact(visible(text))

    def masked(self, text: str) -> str:
        """The text as it goes out to a model that gives none back."""
        return text if self._redactor is None else self._redactor.mask(visible(text))

    def hides(self, text: str) -> bool:
        """Whether the text goes out without something that is in it."""
        return self._redactor is not None and self._redactor.finds_any(visible(text))

    def messages(self, messages: Sequence[Message]) -> tuple[Message, ...]:
        """The turns as they go out."""
        return tuple(Message(role=message.role, text=self.text(message.text)) for message in messages)

    def hits(self, hits: Sequence[Hit]) -> list[Hit]:
        """The hits as they go out, in their order."""
        return [*hits] if self._redactor is None else [self._hit(hit) for hit in hits]

    def restored(self, text: str) -> str:
        """A text that came back."""
        return text if self._redactor is None else self._redactor.restore(text)

    def restoring(self, pieces: Generator[str | Usage, None, None]) -> Generator[str | Usage, None, None]:
        """A streamed text that came back; its usage comes before what was held to the end."""
        with closing(pieces):
            if self._redactor is None:
                yield from pieces
                return
            restoration = Restoration(self._redactor)
            for piece in pieces:
                if isinstance(piece, Usage):
                    yield piece
                elif ready := restoration.feed(piece):
                    yield ready
            yield restoration.finish()

    def _hit(self, hit: Hit) -> Hit:
        chunk = hit.chunk
        above = None if chunk.context is None else self.text(chunk.context)
        heading = None if chunk.heading is None else self.text(chunk.heading)
        shown = structs.replace(chunk, text=self.text(chunk.text), context=above, heading=heading)
        return structs.replace(hit, chunk=shown)
