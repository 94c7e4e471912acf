"""Whether a sentence contradicts the place of a source that it rests on: numbers, dates, codes, names, negations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal

import regex

from konverze_rag.answering.facts import Facts, Number, facts, is_negated
from konverze_rag.answering.opposites import says_the_contrary
from konverze_rag.answering.wording import Vocabulary, content_words, coverage, covered, has_digit, topic_words

# Clauses may differ in polarity and in figures. No comma here: "If the seal is broken, …" is one statement.
_BORDER_WORDS = (
    "but|however|while|whereas|although|though|and|so that|so|because|since|after that|otherwise"
    "|लेकिन|मगर|परंतु|परन्तु|किंतु|जबकि|और|तथा|इसलिए|क्योंकि|उसके बाद|वरना|lekin|magar|jabki|aur|isliye|kyunki|uske baad"
)
_CLAUSE_BORDER = regex.compile(rf";|,?(?<![\w\p{{M}}])(?:{_BORDER_WORDS})(?![\w\p{{M}}])", regex.IGNORECASE)
# Sentences before a number belong to it only loosely ("Refunds. They take 7 days."), clauses before it more closely.
_SENTENCE_LEAD = 0.5
_CLAUSE_LEAD = 0.75
# Another number wins only when its words fit the sentence better by more than rounding.
_ROUNDING = 1e-6
# Clauses that cover this share of what the best one covers may all be the one the sentence rests on.
_AS_CLOSE = 0.95
# A shorter clause ("and 14 days for silver") is told apart by the words of the whole sentence.
_FEWEST_WORDS_OF_A_CLAUSE = 2
_FEWEST_FIGURES_OF_A_ROW = 2
_MOST_WORDS_OF_A_REST = 2
# With one of these, an end of a range is meant as a limit.
_BOUND = regex.compile(
    r"\b(?:up ?to|at (?:least|most)|within|from|maximum|minimum|under|over|above|below|(?:more|less) than)"
    r" (?:of |rs\.? ?|₹)?\d"
    r"|\d[^.।]{0,12}\b(?:tak|se)\b|\d[^.।]{0,12}(?:तक|से|के भीतर|के अंदर)(?!\w|\p{M})",
    regex.IGNORECASE,
)
_NAME = regex.compile(r"(?<=[\p{Ll}\p{N},]\s|\p{L}[-–—/])\p{Lu}[\p{L}\p{M}]{2,}")
_NAME_ALIKE = 0.8
# In a headline all words look like names.
_MOST_NAMES_SHARE = 0.5


def disagreement(
    sentence: str, window: Sequence[str], pieces: Sequence[str], *, same_language: bool = True, context: str = ""
) -> str:
    """What the source says otherwise: "number", "date", "code", "name" or "negation"; empty when all agrees.

    Args:
        sentence: The claim.
        window: The consecutive sentences or rows of the source that should support it.
        pieces: All sentences and rows of the source, in order: another number there may fit the claim better.
        same_language: Whether words can be compared; across languages only figures and negation are.
        context: Headings above the source.
    """
    claimed, said = facts(sentence), facts("\n".join([*window, context]))
    found = _disagreement_of_figures(claimed, said, is_bounded=_BOUND.search(sentence) is not None)
    if found or not same_language:
        return found or ("" if _polarities([sentence]) <= _polarities(window) else "negation")
    return _disagreement_of_words(sentence, window, pieces, context)


def _disagreement_of_figures(claimed: Facts, said: Facts, *, is_bounded: bool) -> str:
    if not _figures_said(claimed, said) or (not is_bounded and _is_half_a_range(claimed, said)):
        return "number"
    if not all(any(date.agrees(other) for other in said.dates) for date in claimed.dates):
        return "date"
    return "" if claimed.codes <= said.codes else "code"


def _disagreement_of_words(sentence: str, window: Sequence[str], pieces: Sequence[str], context: str) -> str:
    """What the source says otherwise in its words, where sentence and source are in one language."""
    clauses = _clauses(sentence)
    if not _is_one_row(sentence, window) and any(_is_borrowed(clause, sentence, pieces) for clause in clauses):
        return "number"
    if not _names_known(sentence, f"{context} {' '.join(pieces)}"):
        return "name"
    is_denied = says_the_contrary(sentence, " ".join(window))
    return "negation" if is_denied or not all(_is_said(clause, window) for clause in clauses) else ""


def _figures_said(claimed: Facts, said: Facts) -> bool:
    """Whether the source says every number of the claim; parts of its dates count as said."""
    parts = (part for date in said.dates for part in (date.year, date.day) if part is not None)
    offered = said.numbers | {Number(Decimal(part)) for part in parts}
    return all(any(number.agrees(other) for other in offered) for number in claimed.needed()) and not any(
        _counts_otherwise(number, said) for number in claimed.numbers - claimed.needed()
    )


def _is_half_a_range(claimed: Facts, said: Facts) -> bool:
    """Whether a number of the claim is in the source only as an end of a range ("4 days" of "4 to 6 days")."""
    units = Counter(number.unit for number in claimed.needed())
    alone = [number for number in claimed.needed() if number.unit and units[number.unit] == 1 and not number.is_end]
    found = [[other for other in said.numbers if number.agrees(other)] for number in alone]
    return any(others and all(other.is_end for other in others) for others in found)


def _counts_otherwise(number: Number, said: Facts) -> bool:
    """Whether the source counts the same things, and to another number ("five times" over "three times")."""
    if number.value == 1:
        return False
    alike = [other for other in said.numbers if other.counted and other.counted == number.counted]
    return bool(alike) and not any(number.agrees(other) for other in alike)


def _clauses(text: str) -> list[str]:
    """The parts between conjunctions that say something; a rest ("onion and garlic") belongs to the one before."""
    found: list[str] = []
    for clause in _CLAUSE_BORDER.split(text):
        said = content_words(clause)
        if len(said) == 1 and found and len(clause.split()) <= _MOST_WORDS_OF_A_REST:
            found[-1] = f"{found[-1]} {clause}"
        elif said:
            found.append(clause)
    return found


def _is_one_row(sentence: str, window: Sequence[str]) -> bool:
    """Whether several figures of the sentence stand in one row, whose columns are looked at elsewhere."""
    needed = facts(sentence).needed()
    if len(window) != 1 or "|" not in window[0] or len(needed) < _FEWEST_FIGURES_OF_A_ROW:
        return False
    said = facts(window[0])
    return all(any(number.agrees(other) for other in said.numbers) for number in needed)


def _is_borrowed(clause: str, sentence: str, pieces: Sequence[str]) -> bool:
    """Whether a number of the clause stands in the source beside other words than the clause's.

    "Refunds take 90 days" over "Refunds take 7 days. The warranty lasts 90 days.": the words of the 7 fit better.
    """
    claimed = facts(clause)
    needed = claimed.needed()
    if not needed and not claimed.codes:
        return False
    own = [word for word in topic_words(clause) if not has_digit(word)]
    words = own
    if len(own) < _FEWEST_WORDS_OF_A_CLAUSE:
        words = [word for word in topic_words(sentence) if not has_digit(word)]
    segments = [(place, part, facts(part)) for place, piece in enumerate(pieces) for part in _clauses(piece)]
    marks: list[Number | str] = [*needed, *claimed.codes]
    whole = [said for _, part, said in segments if own and coverage(own, Vocabulary.of(part)) >= _AS_CLOSE]
    return any(
        _fits_another(mark, words, claimed, segments) for mark in marks if not any(_says(said, mark) for said in whole)
    )


def _fits_another(
    mark: Number | str, words: Sequence[str], claimed: Facts, segments: Sequence[tuple[int, str, Facts]]
) -> bool:
    """Whether another number or code of the same kind stands among words that fit the claim better."""
    own, rival = 0.0, 0.0
    near, far, last = "", "", -1
    for place, segment, said in segments:
        near, far = (near, far) if place == last else ("", f"{far} {near}")
        last = place
        agrees = _says(said, mark)
        if agrees or _has_rival(said, mark, claimed):
            fit = _fit(words, segment, near, far, keys=_keys(claimed, said, mark))
            own, rival = (max(own, fit), rival) if agrees else (own, max(rival, fit))
            far = ""
        near = f"{near} {segment}"
    return rival > own + _ROUNDING


def _says(said: Facts, mark: Number | str) -> bool:
    return mark in said.codes if isinstance(mark, str) else any(mark.agrees(other) for other in said.numbers)


def _has_rival(said: Facts, mark: Number | str, claimed: Facts) -> bool:
    """Whether a number or code of the same kind is said that the claim does not say."""
    if isinstance(mark, str):
        return any(_series(code) == _series(mark) for code in said.codes - claimed.codes)
    rivals = (other for other in said.numbers if mark.competes(other))
    return not all(any(other.agrees(mine) for mine in claimed.needed()) for other in rivals)


def _series(code: str) -> str:
    return code.rstrip("0123456789")


def _keys(claimed: Facts, said: Facts, mark: Number | str) -> list[tuple[str, float]]:
    """Other codes and numbers of the claim, which tell one row from the next, with whether the segment holds them."""
    codes = [code for code in claimed.codes if code != mark]
    numbers = [n for n in claimed.needed() if n != mark and not (isinstance(mark, Number) and n.competes(mark))]
    return [(str(key), float(_says(said, key))) for key in (*codes, *numbers)]


def _fit(words: Sequence[str], segment: str, near: str, far: str, *, keys: Sequence[tuple[str, float]] = ()) -> float:
    """Share of the words that a clause holds, or the clauses before it in its sentence, or the sentences before."""
    weights = ((1.0, Vocabulary.of(segment)), (_CLAUSE_LEAD, Vocabulary.of(near)), (_SENTENCE_LEAD, Vocabulary.of(far)))
    held = [(word, max(weight * text.best(word) for weight, text in weights)) for word in words]
    return covered([*held, *keys])


def _names_known(sentence: str, source: str) -> bool:
    """Whether all capitalised words inside the sentence occur in the source."""
    names = _NAME.findall(sentence)
    if len(names) > _MOST_NAMES_SHARE * len(sentence.split()):
        return True
    known = Vocabulary.of(source)
    return all(known.best(word) >= _NAME_ALIKE for name in names for word in content_words(name))


def _polarities(pieces: Sequence[str]) -> set[bool]:
    return {is_negated(clause) for piece in pieces for clause in _clauses(piece)}


def _is_said(clause: str, window: Sequence[str]) -> bool:
    """Whether the clause of the window that speaks of the same things neither denies them nor says their contrary."""
    words = topic_words(clause)
    offered: list[tuple[float, bool]] = []
    for piece in window:
        near = ""
        for other in _clauses(piece):
            # "none" in a cell of a row denies nothing that other cells say.
            denies = is_negated(other) and ("|" not in other or is_negated(clause))
            is_alike = denies == is_negated(clause) and not says_the_contrary(clause, f"{near} {other}")
            offered.append((_fit(words, other, near, ""), is_alike))
            near = f"{near} {other}"
    closest = max((fit for fit, _ in offered), default=0.0)
    if not closest:
        return True
    rivals = [(fit, alike) for fit, alike in offered if fit >= _AS_CLOSE * closest]
    return all(alike for _, alike in rivals) or any(alike and fit >= _AS_CLOSE for fit, alike in rivals)
