"""Lets each write system call of an operation fail: `python -m tests.faults.system_calls <operation> <empty folder>`.

A process that has loaded the library once forks a child for every fault, which works on a fresh copy of the data.
Prints a JSON object: `tried` (faults), `calls` (by name), `problems` (of faults that were not held) and `synced`
(what a power cut could take); or `cannot_trace`, where strace is not here or may not attach.
"""

from __future__ import annotations

import json
import os
import pickle
import shutil
import signal
import sys
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import konverze_rag as kr
from tests.faults.operations import OPERATIONS, Look, Operation, look
from tests.faults.powercut import Disk
from tests.faults.tracing import (
    END,
    Call,
    CannotTraceError,
    Child,
    injection,
    listing,
    run_traced,
    until_end,
    write_calls,
)

WORKERS = 2


@dataclass(frozen=True)
class Told:
    """What a child that outlived the fault tells of it.

    Attributes:
        error: How the operation ended; None where it succeeded.
        is_ours: Whether the error is one of the library's.
        held: What the engine at hand showed then.
        fresh: What another engine showed that was opened then.
        repeated: What the engine at hand showed after the operation was done again.
        failure: Where any of this failed: a traceback.
    """

    error: str | None = None
    is_ours: bool = True
    held: Look | None = None
    fresh: Look | None = None
    repeated: Look | None = None
    failure: str = ""


def _work(operation: Operation, root: Path, say: Callable[[bytes], None], ready: Callable[[], None]) -> None:
    told = Told()
    try:
        with operation.opened(root) as engine:
            look(engine, verifies=False)
            ready()
            error = _attempted(operation, engine)
            say(END)
            told = Told(error=error and repr(error), is_ours=error is None or isinstance(error, kr.KonverzeError))
            held, fresh = look(engine, verifies=False), _fresh_look(operation, root)
            operation.run(engine)
            told = Told(told.error, told.is_ours, held, fresh, look(engine, verifies=False))
    except BaseException:  # noqa: BLE001 (it is reported)
        told = Told(told.error, told.is_ours, failure=traceback.format_exc())
    say(pickle.dumps(told))


def _attempted(operation: Operation, engine: kr.Engine) -> BaseException | None:
    try:
        operation.run(engine)
    except BaseException as exc:  # noqa: BLE001 (it is judged)
        return exc
    return None


def _fresh_look(operation: Operation, root: Path) -> Look:
    with operation.opened(root) as engine:
        return look(engine)


@dataclass(frozen=True)
class Matrix:
    """All faults of one operation.

    Attributes:
        operation: What is done.
        folder: Where copies of the data go.
        before: What is to be seen before the operation.
    """

    operation: Operation
    folder: Path
    before: Look

    @property
    def base(self) -> Path:
        """The data before the operation; each fault works on a copy."""
        return self.folder / "base"

    def listed(self) -> tuple[list[Call], Disk]:
        """The write system calls of the operation, in order, and the disk that they leave, when none fails."""
        child, root = self._run("listing", listing())
        problems = self._problems(child, root, is_over=True)
        if problems:
            raise AssertionError(f"without a fault: {problems}")
        return write_calls(child.log, root), Disk.after(until_end(child.log))

    def tried(self, call: Call, fault: str) -> list[str]:
        """What goes wrong when a call fails so."""
        child, root = self._run(f"{call.name}-{call.number}-{fault}", injection(call, fault))
        problems = [] if child.was_injected else [f"the fault did not come (status {child.status})"]
        problems += self._problems(child, root, is_over=call.is_after)
        shutil.rmtree(root)
        return [f"{fault} at {call}: {problem}" for problem in problems]

    def _run(self, name: str, options: tuple[str, ...]) -> tuple[Child, Path]:
        root = self.folder / name
        shutil.copytree(self.base, root)
        return run_traced(partial(_work, self.operation, root), self.folder / f"{name}.log", *options), root

    def _problems(self, child: Child, root: Path, *, is_over: bool) -> list[str]:
        try:
            if child.status == 0:
                return [
                    *self._of_survivor(pickle.loads(child.said.removeprefix(END))),
                    *self._of_end(_fresh_look(self.operation, root)),
                ]
            hung = [] if child.status == -signal.SIGKILL else [f"hung, or ended with status {child.status}"]
            return hung + self._of_killed(root, is_over=is_over)
        except Exception:  # noqa: BLE001 (whatever it is, it is a problem to report)
            return [f"status {child.status}: {traceback.format_exc()}"]

    def _of_survivor(self, told: Told) -> list[str]:
        if told.failure or told.held is None or told.fresh is None or told.repeated is None:
            return [f"after {told.error}: {told.failure}"]
        problems = [] if told.is_ours else [f"a foreign error: {told.error}"]
        problems += self._of_state(told.held, is_over=told.error is None)
        problems += self._of_state(told.fresh, is_over=told.error is None)
        # Rounds over all tenants commit beside the engine at hand, which notices within a second.
        if told.error is None and (told.held.contents, told.held.kek) != (told.fresh.contents, told.fresh.kek):
            problems.append(f"acknowledged as {told.held}, but stored as {told.fresh}")
        return problems + self._of_end(told.repeated)

    def _of_killed(self, root: Path, *, is_over: bool) -> list[str]:
        problems = self._of_state(_fresh_look(self.operation, root), is_over=is_over)
        with self.operation.opened(root) as engine:
            self.operation.run(engine)
            problems += self._of_end(look(engine, verifies=False))
        return problems + self._of_end(_fresh_look(self.operation, root))

    def _of_state(self, state: Look, *, is_over: bool) -> list[str]:
        """Holds a state to the one before the operation and those after it."""
        contents = (state.generation, state.contents)
        is_old = contents == (self.before.generation, self.before.contents)
        is_new = state.contents == self.operation.after and not self._is_older(state)
        is_allowed = is_new or (not is_over and (is_old or state.contents in self.operation.between))
        problems = [] if is_allowed else [f"{'lost' if is_over else 'torn'}: {contents}"]
        if state.neighbour[1] != self.before.neighbour[1]:
            problems.append(f"another tenant was touched: {state.neighbour}")
        return [*problems, *state.wrong]

    def _is_older(self, state: Look) -> bool:
        return None not in (state.generation, self.before.generation) and state.generation < self.before.generation

    def _of_end(self, state: Look) -> list[str]:
        return [f"done again: {problem}" for problem in self._of_state(state, is_over=True)]


def _prepared(operation: Operation, folder: Path) -> Matrix:
    """The data before, and all that the operation loads loaded: a fault is to hit its writing, not an import."""
    base, rehearsal = folder / "base", folder / "rehearsal"
    with operation.opened(base) as engine:
        operation.prepare(engine)
    before = _fresh_look(operation, base)
    shutil.copytree(base, rehearsal)
    with operation.opened(rehearsal) as engine:
        look(engine)
        operation.run(engine)
        look(engine)
    return Matrix(operation, folder, before)


def _in_workers(matrix: Matrix, faults: list[tuple[Call, str]]) -> list[str]:
    """What went wrong at each fault that was not held, tried by several processes at once."""
    files = [matrix.folder / f"problems-{worker}" for worker in range(WORKERS)]
    pids: list[int] = []
    for worker, file in enumerate(files):
        pid = os.fork()
        if pid == 0:
            tried = (matrix.tried(call, fault) for call, fault in faults[worker::WORKERS])
            file.write_text(json.dumps(["; ".join(problems) for problems in tried if problems]))
            os._exit(0)
        pids.append(pid)
    for pid in pids:
        os.waitpid(pid, 0)
    return [problem for file in files for problem in json.loads(file.read_text())]


def main(name: str, folder: Path) -> None:
    """Tries all faults of an operation and prints what came of them."""
    matrix = _prepared(OPERATIONS[name], folder)
    try:
        calls, disk = matrix.listed()
    except CannotTraceError as exc:
        sys.stdout.write(json.dumps({"cannot_trace": str(exc)}))
        return
    faults = [(call, fault) for call in calls for fault in call.faults]
    result = {
        "tried": len(faults),
        "calls": Counter(call.name for call in calls),
        "problems": _in_workers(matrix, faults),
        "synced": {"checked": disk.checked, "unsafe": disk.unsafe},
    }
    sys.stdout.write(json.dumps(result))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]).resolve())
