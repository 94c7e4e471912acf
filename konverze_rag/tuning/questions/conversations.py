"""Questions that visitors asked, with what people's feedback tells of the answers.

Only what a person has said counts, and it is told like this:

- *An answer that was called helpful*: the documents that it cites, as far as the citations were verified, are relevant.
  Others may answer the question too; nobody has looked.
- *A refusal that was called helpful*: the question is unanswerable; somebody has confirmed it.
- *All else is unknown*, and the question is judged by no metric: without feedback nobody has looked; a refusal may be
  the search's failure; what an unhelpful answer cites may be right, and badly told. Such questions are kept for those
  who read and label them; `Question.is_judged` tells them from the others.

Feedback praises what was found, so these questions flatter the settings that found it.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable
from typing import Any

from konverze_core.conversations import ConversationTurn
from konverze_rag.tuning.questions.question import Question

HISTORY_TURNS = 6
"""Earlier turns that a question is given; as many as an engine's model is told by default."""


def questions_of_turns(
    turns: Iterable[ConversationTurn], *, history_turns: int = HISTORY_TURNS
) -> tuple[Question, ...]:
    """A question for each turn; its id is the day and a number, and tells neither conversation nor visitor.

    Args:
        turns: Of `Tenant.turns`, in its order: a conversation's turns follow its earlier ones.
        history_turns: Earlier turns that a question is given, at most, of those that are among `turns`.

    Raises:
        KonverzeError: What reading the turns raises.
    """
    earlier: dict[str, deque[tuple[str, str]]] = defaultdict(lambda: deque(maxlen=history_turns))
    questions: list[Question] = []
    for number, turn in enumerate(turns, 1):
        history = earlier[turn.conversation]
        known = _known(turn)
        questions.append(
            Question(id=f"{turn.day.isoformat()}/{number}", text=turn.question, history=tuple(history), **known)
        )
        history.append((turn.question, turn.answer))
    return tuple(questions)


def _known(turn: ConversationTurn) -> dict[str, Any]:
    """What is known of a turn's right answer."""
    if turn.feedback is None or not turn.feedback.helpful:
        return {}
    if turn.refused:
        return {"is_unanswerable": True}
    return {"relevant": {citation.document_id: 1 for citation in turn.citations if citation.supported}}
