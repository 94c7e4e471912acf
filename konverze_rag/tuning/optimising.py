"""Candidates in the order in which they are tried: as an optimiser proposes them, told how the last one did."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, TypeAlias

from konverze_core.errors import MissingExtraError
from konverze_rag.tuning.candidates import Candidate
from konverze_rag.tuning.space import Between, Choices, SearchSpace, candidate_of

Proposals: TypeAlias = Generator[Candidate, float | None, None]
"""Yields candidates, and is sent the score of each; None where it could not be measured."""


def tpe_proposals(space: SearchSpace, *, seed: int) -> Proposals:
    """Proposes what is likely to beat the best so far (tree-structured Parzen estimator, Bergstra et al., NIPS 2011).

    The same seed and the same scores give the same proposals, so that a sweep that is resumed asks for what was tried.

    Args:
        space: What may be chosen.
        seed: Of the random choices.

    Raises:
        MissingExtraError: Optuna is not installed.
    """
    try:
        import optuna  # noqa: PLC0415 (of an extra)
    except ImportError as exc:
        raise MissingExtraError('sampler="tpe" needs: pip install "konverze-rag[tuning]"') from exc
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed))
    while True:
        trial = study.ask()
        suggest = {"whole": trial.suggest_int, "real": trial.suggest_float, "choice": trial.suggest_categorical}
        score = yield candidate_of({name: _value(name, given, suggest) for name, given in space.choices.items()})
        if score is None:
            study.tell(trial, state=optuna.trial.TrialState.FAIL)
        else:
            study.tell(trial, score)


def _value(name: str, given: Choices, suggest: dict[str, Callable[..., Any]]) -> Any:
    if isinstance(given, Between):
        return suggest["whole" if given.is_whole else "real"](name, given.low, given.high, log=given.is_log)
    return given[suggest["choice"](name, range(len(given)))]  # by place: a value may be of any type
