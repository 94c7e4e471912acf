"""The fault suite's table: each test reports how many of its faults were held, and one table shows all of them."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

import pytest


@dataclass(frozen=True, slots=True)
class Figure:
    """So many faults of a kind were held, of so many tried."""

    passed: int
    of: int
    note: str = ""


_FIGURES = pytest.StashKey[dict[str, list[Figure]]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_FIGURES] = {}


@pytest.fixture
def figure(request: pytest.FixtureRequest) -> Callable[..., None]:
    """Reports a figure to the table, and fails the test unless all of the faults were held.

    Use as `figure("name of the fault", passed=24, of=24, note="…")`; figures of one name are added up.
    """

    def report(fault: str, *, passed: int, of: int, note: str = "") -> None:
        request.config.stash[_FIGURES].setdefault(fault, []).append(Figure(passed, of, note))
        assert of > 0, f"{fault}: nothing was tried"
        assert passed == of, f"{fault}: {passed} of {of}"

    return report


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where everything can be installed, a fault that was not tried is a fault that was not held."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") and reporter is not None and reporter.stats.get("skipped") and not session.exitstatus:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    figures = terminalreporter.config.stash[_FIGURES]
    if not figures:
        return
    terminalreporter.section("faults held")
    width = max(map(len, figures))
    for fault, parts in figures.items():
        passed, of = sum(part.passed for part in parts), sum(part.of for part in parts)
        notes = "; ".join(dict.fromkeys(part.note for part in parts if part.note))
        mark = "held" if passed == of else "FAILED"
        terminalreporter.write_line(f"{fault:<{width}}  {passed:>7,} of {of:<7,} {mark}  {notes}".rstrip())
    tried = sum(part.of for parts in figures.values() for part in parts)
    held = sum(part.passed for parts in figures.values() for part in parts)
    terminalreporter.write_line(f"{'all':<{width}}  {held:>7,} of {tried:<7,} {'held' if held == tried else 'FAILED'}")
