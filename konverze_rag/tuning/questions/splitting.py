"""Shares questions out so that none of one part is answered by what another of the other part has shown."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence

from konverze_core.errors import ConfigError
from konverze_rag.tuning.questions.question import Question


def split_questions(questions: Sequence[Question], share: float, *, seed: int) -> set[str]:
    """Ids of the first part's questions.

    Groups are taken at random, each where it does not make its part too large: a group that is larger than a part goes
    to the other one whole.

    Args:
        questions: With ids of their own.
        share: Of the questions that the first part gets, about.
        seed: Of the choice.

    Raises:
        ConfigError: The share is not between 0 and 1.
    """
    if not 0 < share < 1:
        raise ConfigError("the share of the first part lies between 0 and 1, such as 0.5")
    choice = random.Random(seed)  # noqa: S311 (no secret hangs on it)
    groups = _groups(questions)
    unanswerable = [group for group in groups if all(one.is_unanswerable for one in group)]
    answerable = [group for group in groups if not all(one.is_unanswerable for one in group)]
    return _taken(answerable, share, choice) | _taken(unanswerable, share, choice)


def _taken(groups: list[list[Question]], share: float, choice: random.Random) -> set[str]:
    """Ids of about this share of the groups' questions."""
    wanted = round(share * sum(map(len, groups)))
    taken: set[str] = set()
    for group in choice.sample(groups, len(groups)):
        if len(taken) + len(group) <= wanted:
            taken.update(one.id for one in group)
    return taken


def _groups(questions: Sequence[Question]) -> list[list[Question]]:
    """Questions that hang together, directly or by others, in order: a union-find over what they rest on."""
    above: dict[object, object] = {}

    def top(key: object) -> object:
        while (upper := above.setdefault(key, key)) != key:
            above[key] = above[upper]  # path halving: R. E. Tarjan, J. van Leeuwen, JACM 31 (1984)
            key = upper
        return key

    for question in questions:
        for bond in _bonds(question):
            above[top(bond)] = top(("id", question.id))
    groups: dict[object, list[Question]] = defaultdict(list)
    for question in questions:
        groups[top(("id", question.id))].append(question)
    return list(groups.values())


def _bonds(question: Question) -> Iterable[tuple[str, str]]:
    """What a question shares with those that stay with it: its documents, and the words of its conversation's turns."""
    documents = [*question.relevant, *(passage.document_id for passage in question.passages)]
    asked = [question.text, *(earlier for earlier, _ in question.history)]
    return [("document", one) for one in documents] + [("asked", " ".join(one.casefold().split())) for one in asked]
