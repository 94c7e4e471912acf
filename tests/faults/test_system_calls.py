"""Each write system call of each operation fails once in each way, under strace."""

import json
import os
import subprocess
import sys

import pytest

from tests.faults.operations import OPERATIONS

DRIVER_S = 600


@pytest.mark.timeout(DRIVER_S + 60)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_write_call_that_fails_tears_nothing_and_loses_nothing_acknowledged(operation, tmp_path, figure):
    result = driven(operation, tmp_path)
    problems, synced = result["problems"], result["synced"]
    sys.stdout.write("\n".join([*problems, *synced["unsafe"]]))
    assert {"openat", "close", "fsync", "writev"} <= result["calls"].keys()
    figure(
        "SIGKILL, EIO, ENOSPC at each write system call",
        passed=result["tried"] - len(problems),
        of=result["tried"],
        note="0 torn, 0 acknowledged lost",
    )
    figure(
        "power cut: each name and each acknowledgement waits for the disk",
        passed=synced["checked"] - len(synced["unsafe"]),
        of=synced["checked"],
    )


def driven(operation, folder):
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.system_calls", operation, str(folder)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=DRIVER_S,
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    if "cannot_trace" in result:
        pytest.skip(f"needs strace, and leave to attach it: {result['cannot_trace']}")
    return result
