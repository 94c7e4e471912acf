"""The words of a statement in order, and which of them name something rather than say what happens."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from konverze_indexes.terms import words
from konverze_rag.answering.meanings import meanings
from konverze_rag.answering.quantities import DENIALS, NUMBER_WORDS, QUANTITY_WORDS
from konverze_rag.answering.wording import EMPTY, folded, has_digit

_MOST_NAMES = 2
_TITLES = "mr mrs ms dr shri smt sri श्री श्रीमती सुश्री डॉ डाक्टर"
_DETERMINERS = """
a an the by in on at of for with per each every any all no our your their his her its this these those from only or
"""
_PLACES = "by in on at of for with from via"
_MODALS = "to can may must will should not cannot you we they"
_PREDICATES = "is are was were has have had can cannot may must will"
_POSTPOSITIONS = """
का के की को में से पर तक ने वाला वाली वाले देता देती देते देगा लेता लेती लेते
ka ke ki ko mein se par tak ne wala wali wale deta deti dete
"""
# Hindi infinitives stand before postpositions too ("करने पर").
_ENDINGS = "ने ना नी ता ती ते गा गी गे कर एं ाए ाओ इए ne na ega enge ta te ti kar karane karwane"
_ALL_OR_ONLY = "every each all any per har हर सभी सब sab sabhi प्रत्येक प्रति only केवल सिर्फ sirf ही"
# Parts of verbs, and what stands for a figure or a place in a sentence.
_PARTS_OF_VERBS = """
ahead beforehand prior aren isn wasn weren don doesn didn won hasn haven couldn shouldn wouldn except ones though even
दोनों dono जबकि क्योंकि इसलिए वरना अन्यथा jabki kyunki isliye warna
जाने आने आना आ आए आएं आएगा आएगी आती आता आते ले लें लेनी लेने दें देनी देने करनी बजे पाए बनने हो से समय पास कम ज्यादा अधिक
रहेगा रहेगी रहेंगे रहता रहती रहते रहना पडता पडती पडते पडेगा पडेगी पडेंगे
aana aane aaye kam zyada jyada karane karwane karwana baje
"""
_DISTRIBUTIVES = frozenset({"every", "each", "हर", "har"})
_HONORIFICS = frozenset(_TITLES.split())
_BEFORE_NOUNS = frozenset(_DETERMINERS.split())
_PREPOSITIONS = frozenset(_PLACES.split())
_BEFORE_VERBS = frozenset(_MODALS.split())
_AFTER_SUBJECTS = frozenset(_PREDICATES.split())
_AFTER_NOUNS = frozenset(_POSTPOSITIONS.split())
_VERB_ENDINGS = tuple(_ENDINGS.split())
_QUANTIFIERS = frozenset(_ALL_OR_ONLY.split())
AUXILIARIES = frozenset(_PARTS_OF_VERBS.split())
"""Words that carry nothing beside the words of `stopwords`."""
# Limits are compared as opposites.
_LIMITS = frozenset({"least", "most", "exceeding", "undercutting"})
_EMPTY = ((EMPTY | DENIALS | AUXILIARIES | _LIMITS) - _QUANTIFIERS) | _HONORIFICS | QUANTITY_WORDS


@dataclass(frozen=True, slots=True)
class Term:
    """A word of a statement.

    Attributes:
        word: As `folded` spells it.
        names: Whether it stands where nouns and what describes them stand.
        meanings: What it means, where the lists know it.
    """

    word: str
    names: bool
    meanings: frozenset[int]


def terms_of(text: str) -> tuple[Term, ...]:
    """The words that carry something, in order, without figures, units and denials."""
    said = [folded(word) for word in words(text)]
    are_empty = [_is_empty(word) for word in said]
    return tuple(
        [
            Term(word, _names(place, said, are_empty), meanings(word))
            for place, (word, after) in enumerate(pairwise([*said, ""]))
            if not are_empty[place] and not _counts(word, after)
        ]
    )


def _counts(word: str, after: str) -> bool:
    """Whether "only" means no more than that ("only ₹50"), and "every" goes with its figure ("every ten days")."""
    if word in _DISTRIBUTIVES and NUMBER_WORDS.get(after, 0) > 1:
        return True
    return word in _QUANTIFIERS and has_digit(after)


def _names(place: int, said: list[str], are_empty: list[bool]) -> bool:
    word = said[place]
    before = said[place - 1] if place else ""
    if word in _QUANTIFIERS or not _HONORIFICS.isdisjoint(said[max(place - _MOST_NAMES, 0) : place]):
        return True
    if before in _BEFORE_NOUNS:
        return True
    if place > 1 and said[place - 2] in _PREPOSITIONS and not are_empty[place - 1]:
        return True
    if word.endswith(_VERB_ENDINGS) or before in _BEFORE_VERBS or place + 1 == len(said):
        return False
    after = said[place + 1]
    return (
        after in _AFTER_NOUNS
        or not (are_empty[place + 1] or after in _QUANTIFIERS)
        or (not place and after in _AFTER_SUBJECTS)
    )


def _is_empty(word: str) -> bool:
    return word in _EMPTY or has_digit(word) or (len(word) == 1 and word.isascii())
