"""Settings of a tenant as a file for people: TOML, commented, with the evidence that they were chosen by.

The file holds no key and no text of questions, documents or answers, so that it may lie in a repository.
"""

from __future__ import annotations

import inspect
import json
import re
import textwrap
import tomllib
import unicodedata
from collections.abc import Iterator, Sequence
from os import PathLike
from pathlib import Path
from typing import Final

from konverze_core.errors import ConfigError
from konverze_rag.settings import Settings
from konverze_rag.tenant_settings import TenantSettings
from konverze_rag.tuning.candidates import Candidate
from konverze_rag.tuning.measuring.statistics import CONFIDENCE, Interval, difference, interval
from konverze_rag.tuning.sweep import P99, Sweep, Trial
from konverze_rag.version import __version__

MAX_SETTINGS_BYTES: Final = 1_000_000
"""Length of a file that settings are read from."""

CUTTING: Final = frozenset({"chunker", "chunk_tokens", "chunk_overlap_tokens", "parent_tokens"})
"""Settings that hold for documents that are ingested from then on."""

LINE_CHARS: Final = 100
"""Length of a comment's line, about."""

_FIELD = re.compile(r"^    (\w+): (.+(?:\n {8}.+)*)", re.MULTILINE)


def write_settings(
    path: str | PathLike[str], settings: TenantSettings, evidence: Sequence[str] = (), *, may_replace: bool = False
) -> None:
    """Writes what the settings change, each with what it means above it.

    Args:
        path: Where the file will stand.
        settings: What to write; what is None is left out.
        evidence: Lines of the comment at the top, such as `evidence_of` gives.
        may_replace: Whether a file that stands there already is written over.

    Raises:
        ConfigError: Something stands there already, or the file cannot be written.
    """
    file = Path(path)
    try:
        with file.open("wb" if may_replace else "xb") as out:
            out.write(settings_text(settings, evidence).encode())
    except FileExistsError as exc:
        raise ConfigError(f"{file.name}: stands there already; name another file, or allow it to be replaced") from exc
    except OSError as exc:
        raise ConfigError(f"{file.name}: cannot be written ({exc.strerror})") from exc


def settings_text(settings: TenantSettings, evidence: Sequence[str] = ()) -> str:
    """What `write_settings` writes."""
    return "".join(f"{line}\n" for line in _lines(settings, evidence))


def read_settings(path: str | PathLike[str]) -> TenantSettings:
    """Reads settings from a file, be it written by `write_settings` or by hand.

    Raises:
        ConfigError: The file cannot be read, is no TOML, or names a setting or a value that a tenant cannot have.
    """
    file = Path(path)
    try:
        if file.stat().st_size > MAX_SETTINGS_BYTES:
            raise ConfigError(f"{file.name}: settings have at most {MAX_SETTINGS_BYTES} bytes")
        told = tomllib.loads(file.read_text("utf-8"))
    except OSError as exc:
        raise ConfigError(f"{file.name}: cannot be read ({exc.strerror})") from exc
    except ValueError as exc:
        raise ConfigError(f"{file.name}: no TOML that can be read: {exc}") from exc
    if unknown := sorted(told.keys() - TenantSettings.model_fields.keys()):
        raise ConfigError(f"{file.name}: no setting of a tenant is called {unknown[0]!r}")
    try:
        return TenantSettings(**told)
    except ConfigError as error:
        raise ConfigError(f"{file.name}: {error}") from error


def settings_with(own: TenantSettings, candidate: Candidate) -> TenantSettings:
    """What a tenant has to be configured with, so that it is served as the candidate was.

    A candidate's settings stand over those of the tenant when it is measured, and `Tenant.configure` puts what it gets
    in place of them: persona, limits and all else that a sweep did not touch would be gone.

    Args:
        own: As `Tenant.settings` tells.
        candidate: What was measured.
    """
    return own.model_copy(update=candidate.settings.model_dump(exclude_none=True))


def evidence_of(sweep: Sweep, chosen: Trial) -> tuple[str, ...]:
    """What a choice rests on: questions, figures before and after, and what no setting of a tenant can bring about.

    Args:
        sweep: What was tried; its first trial is the tenant as it was served.
        chosen: One of its trials.
    """
    served, questions = sweep.trials[0], sweep.questions
    own = chosen.candidate.settings.model_dump(exclude_none=True)
    outside = [f"{name}={value}" for name, value in chosen.candidate.changes.items() if name not in own]
    return (
        f"Chosen from {len(sweep.trials)} trials by {sweep.metric}, {sweep.finished_at:%Y-%m-%d %H:%M} UTC.",
        f"Questions: {questions.name}, {len(questions)}, SHA-256 {questions.digest}.",
        f"Documents: generation {sweep.generation}. Measured by konverze-rag {__version__}.",
        *(["Documents are cut so when they are ingested again."] if is_cut_anew(chosen.candidate) else []),
        *(["Measured with, beside these settings: " + ", ".join(outside) + "."] if outside else []),
        f"Mean with its {CONFIDENCE:.0%} interval, as served before, then with these settings:",
        *_compared(served, chosen),
        f"Search, 99 of 100 within: {served.latency_ms(P99):.1f} ms before, {chosen.latency_ms(P99):.1f} ms after.",
    )


def is_cut_anew(candidate: Candidate) -> bool:
    """Whether documents have to be ingested again before they are served so."""
    return not CUTTING.isdisjoint(candidate.changes)


def _compared(served: Trial, chosen: Trial) -> Iterator[str]:
    for metric in (one for one in chosen.scores if one in served.scores):
        before, after = served.scores[metric], chosen.scores[metric]
        if (found := interval(after)).count:
            luck = difference(before, after).p_value
            yield f"  {metric}: {_said(interval(before))}, then {_said(found)} (p = {luck:.3f})"


def _said(found: Interval) -> str:
    return f"{found.mean:.4g} [{found.low:.4g}, {found.high:.4g}]"


def _lines(settings: TenantSettings, evidence: Sequence[str]) -> Iterator[str]:
    yield from (_comment(line) for line in evidence)
    meanings = _meanings()
    for name, value in settings.model_dump(mode="json", exclude_none=True).items():
        yield ""
        yield from (_comment(line) for line in textwrap.wrap(meanings.get(name, ""), LINE_CHARS))
        yield f"{name} = {_toml(value)}"


def _meanings() -> dict[str, str]:
    """What each setting means, as the docstring of `Settings` says; empty where docstrings are stripped."""
    fields = _FIELD.findall(inspect.getdoc(Settings) or "")
    return {name: " ".join(text.split()) for name, text in fields}


def _comment(line: str) -> str:
    """One line of TOML, whatever it holds: a name of a set may have line ends and control characters."""
    return "# " + "".join(" " if unicodedata.category(one) in {"Cc", "Zl", "Zp"} else one for one in line)


def _toml(value: object) -> str:
    """A string, a number, a boolean or a list of these: as JSON, but for U+007F, which TOML wants escaped."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
