"""What is said of an answer: stored beside its turn, under a key that ends with the day's key and with the turn."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from konverze_core.answers import TurnId
from konverze_core.conversations import Feedback
from konverze_core.errors import BlobNotFoundError, ConfigError, IntegrityError
from konverze_indexes.scalars import checked_text
from konverze_indexes.tenantblobs import TenantBlobs
from konverze_rag.conversations.daykeys import DayKeys
from konverze_rag.conversations.names import Place
from konverze_rag.conversations.turn import StoredTurn, Turn

KIND = "feedback"
"""What feedback is sealed as."""

MAX_COMMENT_CHARS = 2_000
"""Longest comment."""


class _Stored(BaseModel):
    """Feedback, as stored.

    Attributes:
        version: Of this format.
        helpful: Whether the answer helped.
        comment: In the person's own words; may be empty.
        given_at: UTC.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1] = 1
    helpful: bool
    comment: str
    given_at: datetime


def checked_feedback(*, helpful: bool, comment: str, given_at: datetime) -> Feedback:
    """Feedback, if it is some.

    Raises:
        ConfigError: It neither says yes nor no, or the comment is too long or not text.
    """
    if not isinstance(helpful, bool):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ConfigError("feedback says by True or False whether an answer was helpful")
    if len(checked_text("a comment", comment)) > MAX_COMMENT_CHARS:
        raise ConfigError(f"the comment has {len(comment)} characters; at most {MAX_COMMENT_CHARS} are taken")
    return Feedback(helpful=helpful, comment=comment, given_at=given_at)


def checked_turn(turn: TurnId) -> TurnId:
    """The place of a turn, if it is one.

    Raises:
        ConfigError: It is none, such as that of an answer without a conversation.
    """
    if not isinstance(turn, TurnId):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ConfigError("feedback is given on Answer.turn, which an answer without a conversation does not have")
    if type(turn.day) is not date or type(turn.number) is not int:
        raise ConfigError("a turn is named by a datetime.date and a number")
    return turn


def is_given(blobs: TenantBlobs, days: DayKeys, place: Place, feedback: Feedback) -> bool:
    """Stores feedback on a turn, in place of what was said of it before; False where no turn stands, or an erased one.

    Args:
        blobs: The tenant's sealed blobs.
        days: The tenant's day keys.
        place: Of the turn.
        feedback: What is said of it.

    Raises:
        IntegrityError: The turn, or its day's key, is not what was written.
        KeyProviderError: The tenant's key lease has ended and cannot be renewed.
        StoreError: The store did not take it.
    """
    content = _Stored(helpful=feedback.helpful, comment=feedback.comment, given_at=feedback.given_at)
    stored = _standing(days, place)
    if stored is None:
        return False
    try:
        sealed_by_turn = days.feedback_blobs(place.folder.day, stored.content_sha256)
    except BlobNotFoundError:  # the day was purged since
        return False
    sealed_by_turn.write(KIND, place.feedback, content.model_dump_json().encode(), if_absent=False)
    if _standing(days, place) is None:  # a purge or an erasure passed meanwhile
        blobs.delete(place.feedback)
        return False
    return True


def _standing(days: DayKeys, place: Place) -> StoredTurn | None:
    try:
        stored = StoredTurn.read(days.blobs_of(place.folder.day), place.name)
    except BlobNotFoundError:
        return None
    return stored if isinstance(stored.turn, Turn) else None


def read_feedback(days: DayKeys, place: Place, stored: StoredTurn) -> Feedback | None:
    """What was said of a turn last; None where nothing was.

    Args:
        days: The tenant's day keys.
        place: Of the turn.
        stored: The turn.

    Raises:
        BlobNotFoundError: The day has no key.
        IntegrityError: The feedback is not what was written, or was given on another turn.
        KeyProviderError: The tenant's key lease has ended and cannot be renewed.
    """
    blobs = days.feedback_blobs(place.folder.day, stored.content_sha256)
    try:
        content = blobs.read(KIND, place.feedback).tobytes()
    except BlobNotFoundError:
        return None
    with suppress(ValidationError):  # it quotes the comment: no error of ours may have it for its context
        found = _Stored.model_validate_json(content)
        return Feedback(helpful=found.helpful, comment=found.comment, given_at=found.given_at)
    raise IntegrityError(f"{place.feedback} holds no feedback of this version")
