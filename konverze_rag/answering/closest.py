"""What the clause of a source says that speaks of the same things as a clause of a sentence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import regex

from konverze_rag.answering.clauses import is_exception
from konverze_rag.answering.facts import is_denied
from konverze_rag.answering.roles import gathered, held_by, leads_of, marks_of
from konverze_rag.answering.statements import Clause, Statement
from konverze_rag.answering.strangers import Setting, has_stranger

# Clauses that cover this share of what the best one covers may all be the one the sentence rests on.
_AS_CLOSE = 0.95
_HELD = 0.7
# A sentence that goes on with what the one before speaks of.
_LINK = regex.compile(
    r"\W*(?:(?:it|they|this|that|these|those|after that|otherwise|then|if so|such)\b"
    r"|(?:यह|ये|वह|वे|इस|उस|इन|उन|ऐसे|इसके|उसके|इसमें|इसे|उसे)(?!\w|\p{M}))",
    regex.IGNORECASE,
)
_OTHERWISE = regex.compile(
    r"\b(?:otherwise|or else|warna|nahi to)\b|(?<!\w|\p{M})(?:वरना|अन्यथा|नहीं तो)(?!\w|\p{M})", regex.IGNORECASE
)
# What it stands for may be told by a title.
_PRONOUN = regex.compile(
    r"\b(?:it|they|them|these|ise|yeh|isko)\b|(?<!\w|\p{M})(?:यह|ये|इसे|इन्हें|इसका|इसकी|इसके)(?!\w|\p{M})", regex.IGNORECASE
)
_CONDITION = regex.compile(r"\b(?:if|unless|when|agar|jab)\b|(?<!\w|\p{M})(?:अगर|यदि|जब)(?!\w|\p{M})", regex.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Offer:
    """A clause of the source.

    Attributes:
        fit: Share of the words and marks that it holds, alone or with the clauses beside it, 0 to 1.
        is_alike: Whether it neither denies the claim nor says its contrary.
        is_strange: Whether it speaks of something else.
    """

    fit: float
    is_alike: bool
    is_strange: bool


def otherwise(clause: Clause, window: Sequence[Statement], above: Sequence[Statement], header: Statement | None) -> str:
    """What the closest clause says otherwise: "negation" or "word"; empty when it agrees.

    Args:
        clause: A clause of the claim.
        window: The sentences that should support it.
        above: Titles and headings.
        header: Of the table, where the window is a row.
    """
    offers = list(_offers(clause, window, above, header))
    closest = max((offer.fit for offer in offers), default=0.0)
    if not closest:
        return ""
    rivals = [offer for offer in offers if offer.fit >= _AS_CLOSE * closest]
    if not all(offer.is_alike for offer in rivals) and not any(
        offer.is_alike and offer.fit >= _AS_CLOSE for offer in rivals
    ):
        return "negation"
    return "" if any(offer.is_alike and not offer.is_strange for offer in rivals) else "word"


def _offers(
    clause: Clause, window: Sequence[Statement], above: Sequence[Statement], header: Statement | None
) -> Iterator[_Offer]:
    titles = [term for statement in above if statement is not header for term in statement.terms]
    known = [*titles, *(header.terms if header else ())]
    for place, statement in enumerate(window):
        known += statement.terms
        later = [term for other in window[place + 1 :] if not _LINK.match(other.text) for term in other.terms]
        fits = _fits(clause, statement)
        for fit, other in zip(fits, statement.clauses, strict=True):
            # One that says the opposite where another clause says this denies nothing, but supports nothing either.
            is_opposed = clause.stance.opposes(statement.whole.stance)
            is_of_opposite = clause.stance.opposes(other.stance) and not is_opposed
            setting = Setting(
                said=other.terms,
                known=known,
                later=later,
                header=header.terms if header else (),
                titles=titles if _PRONOUN.search(other.text) else (),
                is_row=statement.is_row,
            )
            # "none" in a cell of a row denies nothing that other cells say.
            denies = other.facts.negated and (clause.facts.negated or not statement.is_row)
            is_excepted = is_exception(other.text) and not is_exception(clause.text)
            claimed = is_denied(clause.text) if is_excepted else clause.facts.negated
            is_same = (denies == claimed) != clause.stance.reverses(other.stance)
            is_same = is_same or (_is_condition_denied(clause) and _has_other_case(statement))
            yield _Offer(
                fit,
                is_of_opposite or (is_same and not is_opposed),
                is_of_opposite or has_stranger(clause, setting),
            )


def _is_condition_denied(clause: Clause) -> bool:
    """Whether it says what follows if something is not done, which a source says by "otherwise"."""
    return clause.facts.negated and _CONDITION.search(clause.text) is not None


def _has_other_case(statement: Statement) -> bool:
    """Whether a source tells what follows otherwise, or denies something in one of its clauses."""
    return _OTHERWISE.search(statement.text) is not None or any(part.facts.negated for part in statement.clauses)


def _fits(clause: Clause, statement: Statement) -> list[float]:
    marks = marks_of(clause.facts)
    rows = [held_by(other, clause.topics, marks) for other in statement.clauses]
    fits: list[float] = []
    for place, other in enumerate(statement.clauses):
        before, behind = leads_of(other)
        if not any(held >= _HELD for held in rows[place]):
            before = min(before, behind)
        leads = (1.0 if at == place else before if at < place else behind for at in range(len(rows)))
        fits.append(gathered(clause.topics, marks, zip(leads, rows, strict=True)))
    return fits
