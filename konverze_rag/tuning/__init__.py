"""Settings chosen by measuring them on a tenant's own documents (docs/adr/0030-tuning.md)."""

from konverze_rag.tuning.candidates import AS_SERVED, NONE, Candidate
from konverze_rag.tuning.measuring.answer_figures import AnswerSummary, Refusals
from konverze_rag.tuning.measuring.baseline import Baseline, Regression, regressions
from konverze_rag.tuning.measuring.calibrating import (
    Calibration,
    OperatingPoint,
    best_threshold,
    calibrated_threshold,
    operating_curve,
)
from konverze_rag.tuning.measuring.comparing import Change, Comparison
from konverze_rag.tuning.measuring.evaluation import AnswerEvaluation, Evaluation
from konverze_rag.tuning.measuring.statistics import Difference, Interval, difference, interval
from konverze_rag.tuning.questions.question import Passage, Question
from konverze_rag.tuning.questions.question_set import QuestionSet
from konverze_rag.tuning.settings_files import evidence_of, is_cut_anew, read_settings, settings_with, write_settings
from konverze_rag.tuning.space import Between, SearchSpace
from konverze_rag.tuning.sweep import Sweep, Trial
from konverze_rag.tuning.workbench import Workbench

__all__ = [
    "AS_SERVED",
    "NONE",
    "AnswerEvaluation",
    "AnswerSummary",
    "Baseline",
    "Between",
    "Calibration",
    "Candidate",
    "Change",
    "Comparison",
    "Difference",
    "Evaluation",
    "Interval",
    "OperatingPoint",
    "Passage",
    "Question",
    "QuestionSet",
    "Refusals",
    "Regression",
    "SearchSpace",
    "Sweep",
    "Trial",
    "Workbench",
    "best_threshold",
    "calibrated_threshold",
    "difference",
    "evidence_of",
    "interval",
    "is_cut_anew",
    "operating_curve",
    "read_settings",
    "regressions",
    "settings_with",
    "write_settings",
]
