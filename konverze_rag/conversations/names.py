"""Names of people and conversations, and of the blobs that hold their turns and what was used up a day.

The blobs of a tenant's days::

days/<YYYY-MM-DD>/key
days/<YYYY-MM-DD>/<conversation>/<number>
days/<YYYY-MM-DD>/feedback/<conversation>/<number>
days/<YYYY-MM-DD>/spent/<number>
days/<YYYY-MM-DD>/ingested/<number>
visitors/<visitor>/<YYYY-MM-DD>/<conversation>/<number>
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime, timedelta
from typing import NamedTuple

from konverze_core.errors import ConfigError
from konverze_indexes.scalars import checked_text

MAX_NAME_CHARS = 256
"""Longest conversation or visitor name."""

DAYS, VISITORS = "days/", "visitors/"
SPENT, INGESTED = "spent", "ingested"
_DAY = r"([0-9]{4}-[0-9]{2}-[0-9]{2})"
_BLIND = r"([0-9a-f]{32})"
_TURN = re.compile(rf"days/{_DAY}/{_BLIND}/([0-9]{{6}})")
_FEEDBACK = re.compile(rf"days/{_DAY}/feedback/{_BLIND}/([0-9]{{6}})")
_GRANT = re.compile(rf"days/{_DAY}/(?:{SPENT}|{INGESTED})/([0-9]{{6}})")
_KEY = re.compile(rf"days/{_DAY}/key")
_MARKER = re.compile(rf"visitors/{_BLIND}/{_DAY}/{_BLIND}/([0-9]{{6}})")


def checked_name(what: str, name: str) -> str:
    """The name of a conversation or visitor in Unicode normalisation form C, if it is one.

    Raises:
        ConfigError: It is empty, too long, or not text.
    """
    if not isinstance(name, str) or not 0 < len(name) <= MAX_NAME_CHARS:  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ConfigError(f"a {what} is named by 1 to {MAX_NAME_CHARS} characters")
    return unicodedata.normalize("NFC", checked_text(f"the name of a {what}", name))


def kept_from(now: datetime, retention_days: int) -> date:
    """The first day whose turns are kept: those of a day end `retention_days` after the day has ended.

    Args:
        now: Aware, UTC.
        retention_days: How long turns are kept after their day, in days.
    """
    return now.date() - timedelta(days=retention_days)


def key_name(day: date) -> str:
    """Where the day's key stands."""
    return f"{DAYS}{day.isoformat()}/key"


def grant_folder(day: date, use: str) -> str:
    """What the names of the day's grants start with, of `SPENT` or `INGESTED`."""
    return f"{DAYS}{day.isoformat()}/{use}/"


def grant_name(day: date, use: str, number: int) -> str:
    """Where a grant of the day's budget stands."""
    return f"{grant_folder(day, use)}{number:06d}"


class Folder(NamedTuple):
    """A conversation's turns of one day.

    Attributes:
        day: UTC.
        conversation: Its blinded name.
    """

    day: date
    conversation: str

    @property
    def name(self) -> str:
        """What the names of its turns start with, without the last slash."""
        return f"{DAYS}{self.day.isoformat()}/{self.conversation}"

    def turn(self, number: int) -> str:
        """Where a turn stands."""
        return f"{self.name}/{number:06d}"

    @property
    def feedback(self) -> str:
        """What the names of the feedback on its turns start with, without the last slash."""
        return f"{DAYS}{self.day.isoformat()}/feedback/{self.conversation}"

    def marker(self, visitor: str, number: int) -> str:
        """Where the marker of a turn stands.

        Args:
            visitor: Blinded name.
            number: Of the turn.
        """
        return f"{VISITORS}{visitor}/{self.day.isoformat()}/{self.conversation}/{number:06d}"


class Place(NamedTuple):
    """Where a turn stands, as the name of its blob or of its marker says."""

    folder: Folder
    number: int

    @property
    def name(self) -> str:
        """Name of the turn's blob."""
        return self.folder.turn(self.number)

    @property
    def feedback(self) -> str:
        """Name of the blob of the feedback on the turn."""
        return f"{self.folder.feedback}/{self.number:06d}"


def day_of(name: str) -> date | None:
    """The day of a turn, its feedback, a day key, a grant or a marker; None for any other name."""
    parts = _TURN.fullmatch(name) or _KEY.fullmatch(name) or _FEEDBACK.fullmatch(name) or _GRANT.fullmatch(name)
    if parts is not None:
        return _parsed_day(parts[1])
    marked = _MARKER.fullmatch(name)
    return _parsed_day(marked[2]) if marked is not None else None


def turn_place(name: str) -> Place | None:
    """Where the turn of this name stands; None where the name is none of a turn's."""
    parts = _TURN.fullmatch(name)
    return _place(parts[1], parts[2], parts[3]) if parts is not None else None


def rated_place(name: str) -> Place | None:
    """Where the turn of feedback of this name stands; None where the name is none of feedback's."""
    parts = _FEEDBACK.fullmatch(name)
    return _place(parts[1], parts[2], parts[3]) if parts is not None else None


def marked_place(name: str) -> Place | None:
    """Where the turn of a marker of this name stands; None where the name is none of a marker's."""
    parts = _MARKER.fullmatch(name)
    return _place(parts[2], parts[3], parts[4]) if parts is not None else None


def _place(day: str, conversation: str, number: str) -> Place | None:
    parsed = _parsed_day(day)
    return Place(Folder(parsed, conversation), int(number)) if parsed is not None else None


def _parsed_day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
