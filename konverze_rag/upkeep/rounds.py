"""Going from tenant to tenant: one that cannot be served does not keep the others waiting."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from typing import Any, TypeAlias, TypeVar

from konverze_core.errors import KonverzeError, TenantErasedError
from konverze_core.reports import PurgeReport, RotationReport, VacuumReport

Report = TypeVar("Report", RotationReport, VacuumReport, PurgeReport)

OnRound: TypeAlias = Callable[[int, int], None]
"""Told how many tenants are done, and of how many."""


def _unheard(_done: int, _of: int) -> None:
    pass


def each_tenant(
    directories: Sequence[str], task: Callable[[str], Report], *, empty: Report, tell: OnRound | None = None
) -> Report:
    """The sum of a task's reports over tenants; an erased tenant is passed over, and an error is reported.

    Args:
        directories: The tenants' directories.
        task: What to do for each.
        empty: The report of no tenant.
        tell: Told how far the round has come.
    """
    tell = tell or _unheard
    reports, failed = [empty], list[tuple[str, KonverzeError]]()
    for done, directory in enumerate(directories, start=1):
        try:
            reports.append(task(directory))
        except TenantErasedError:
            pass
        except KonverzeError as error:
            failed.append((directory, error))
        tell(done, len(directories))
    return replace(total(reports), failed=tuple(failed))


def total(reports: Sequence[Report]) -> Report:
    """The sum of reports of one kind, field by field."""
    first, *others = reports
    sums: dict[str, Any] = {}
    for name in (field.name for field in fields(first)):
        values: list[Any] = [getattr(report, name) for report in others]
        sums[name] = sum(values, start=getattr(first, name))
    return replace(first, **sums)
