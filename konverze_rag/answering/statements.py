"""A sentence, or one of a source, as it is compared: its clauses with their words, facts and polarity."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property

from konverze_rag.answering.clauses import clauses_of, is_exception, shares_subject, shares_verb
from konverze_rag.answering.facts import Facts, Number, facts, is_denied
from konverze_rag.answering.meanings import meanings
from konverze_rag.answering.opposites import Stance
from konverze_rag.answering.phrases import plainly
from konverze_rag.answering.quantities import DENIALS, MONTHS
from konverze_rag.answering.sounds import heard, sound
from konverze_rag.answering.terms import AUXILIARIES, Term, terms_of
from konverze_rag.answering.wording import Vocabulary, content_words, likeness, topics_among

# What is included costs nothing.
_FREE = Number(Decimal(0), "rupee")
_INCLUDING = meanings("included")
_MOST_WORDS_OF_A_LIST = 6
_SAME_MEANING = 0.95
_SAME_SOUND = 0.9


@dataclass(frozen=True)
class Sayings:
    """The words of a text, looked up with tolerance for inflection and for other words of the same meaning.

    Attributes:
        vocabulary: The words.
    """

    vocabulary: Vocabulary

    @classmethod
    def of(cls, text: str) -> Sayings:
        """The words of a text."""
        return cls.among(content_words(text))

    @classmethod
    def among(cls, content: Iterable[str]) -> Sayings:
        """The same of the content words of a text."""
        return cls(Vocabulary(frozenset(content)))

    @cached_property
    def by_meaning(self) -> dict[int, list[str]]:
        """The words of each meaning that the lists know."""
        found: dict[int, list[str]] = {}
        for word in self.vocabulary.words:
            for meaning in meanings(word):
                found.setdefault(meaning, []).append(word)
        return found

    @cached_property
    def _by_sound(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for word in self.vocabulary.words:
            found.setdefault(sound(word), []).append(word)
        return found

    @cached_property
    def _are_ascii(self) -> frozenset[bool]:
        """Whether some are in Latin letters, whether some are not."""
        return frozenset(map(str.isascii, self.vocabulary.words))

    def best(self, word: str) -> float:
        """Likeness of the word that comes closest, 0 to 1."""
        return 1.0 if word in self.vocabulary.words else max(self.near(word).values(), default=0.0)

    def near(self, word: str) -> dict[str, float]:
        """The words that are this one in some inflection or under another name, with their likeness, above 0 to 1."""
        found = self.vocabulary.near(word)
        if (not word.isascii()) in self._are_ascii and (said := heard(word)):
            found |= {other: max(found.get(other, 0.0), _SAME_SOUND) for other in self._by_sound.get(said, ())}
        for meaning in meanings(word):
            found |= {other: max(found.get(other, 0.0), _SAME_MEANING) for other in self.by_meaning.get(meaning, ())}
        return found


@dataclass(frozen=True)
class Clause:
    """A part of a statement between conjunctions.

    Attributes:
        text: As it stands there.
        content: Its content words.
        said: The same, to be looked up.
        facts: Its numbers, dates, codes and polarity.
        whole: The statement as one clause; None of that itself.
    """

    text: str
    content: tuple[str, ...]
    said: Sayings
    facts: Facts
    whole: Clause | None = None

    @classmethod
    def of(cls, text: str, header: str | None = None, *, whole: Clause | None = None) -> Clause:
        """A clause as it is compared; one of a source by the words of its table's header too."""
        found = facts(text)
        content = content_words(text)
        said = Sayings.among((*content_words(header), *content) if header else content)
        if header is not None and not said.by_meaning.keys().isdisjoint(_INCLUDING):
            found = replace(found, numbers=found.numbers | {_FREE})
        return cls(text, content, said, found, whole)

    @cached_property
    def topics(self) -> tuple[str, ...]:
        """Its words without figures and units."""
        topics = (*topics_among(self.content), *(word for word in dict.fromkeys(self.content) if word in MONTHS))
        return tuple(word for word in topics if word not in AUXILIARIES and word not in DENIALS) or topics

    @cached_property
    def stance(self) -> Stance:
        """What of it can stand against others."""
        return Stance.of(self.text)

    @cached_property
    def terms(self) -> tuple[Term, ...]:
        """Its words in order."""
        return terms_of(self.text)

    @property
    def around(self) -> tuple[Term, ...]:
        """Words of the whole statement in order."""
        return (self.whole or self).terms

    @cached_property
    def shares_subject(self) -> bool:
        """Whether it says more of what the clause before speaks of."""
        return shares_subject(self.text)

    @cached_property
    def shares_verb(self) -> bool:
        """Whether its verb stands in a clause behind it."""
        return shares_verb(self.text)


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence or row.

    Attributes:
        original: As it was written.
        text: With phrases of one meaning in one form.
        whole: All of it as one clause.
        clauses: Its parts.
    """

    original: str
    text: str
    whole: Clause
    clauses: tuple[Clause, ...]

    @property
    def is_row(self) -> bool:
        """Whether it is a row of a table."""
        return "|" in self.text

    @property
    def terms(self) -> tuple[Term, ...]:
        """All its words in order."""
        return self.whole.terms

    @classmethod
    def of(cls, text: str, header: str | None = None) -> Statement:
        """A statement as it is compared.

        Args:
            text: As it was written.
            header: Of a statement of a source, the header of its table or nothing.
        """
        plain, above = plainly(text), header and plainly(header)
        whole, parts = Clause.of(plain, above), clauses_of(plain)
        clauses = [Clause.of(part, above, whole=whole) for part in parts] if len(parts) > 1 else [whole]
        return cls(text, plain, whole, tuple(_with_polarity(clauses)))


def _with_polarity(clauses: list[Clause]) -> list[Clause]:
    """Gives a clause that leaves its verb to the next one the polarity of that, and an exception the contrary one.

    "नकद और गहने नहीं लिए जाते", "daily, except on Sundays".
    """
    for place in range(len(clauses) - 2, -1, -1):
        clause, following = clauses[place], clauses[place + 1]
        if following.facts.negated and len(clause.topics) <= _MOST_WORDS_OF_A_LIST and clause.shares_verb:
            clauses[place] = replace(clause, facts=replace(clause.facts, negated=True))
    for place, clause in enumerate(clauses):
        if place and is_exception(clause.text):
            negated = not is_denied(clauses[place - 1].text)
            clauses[place] = replace(clause, facts=replace(clause.facts, negated=negated))
    return clauses


def alike(one: Term, other: Term) -> float:
    """Likeness of two words, 0 to 1; words of one meaning are alike."""
    if one.word == other.word:
        return 1.0
    if one.meanings and not one.meanings.isdisjoint(other.meanings):
        return _SAME_MEANING
    if one.word.isascii() != other.word.isascii() and (said := sound(one.word)):
        return _SAME_SOUND if said == heard(other.word) else 0.0
    return likeness(one.word, other.word)
