"""Every bomb is an error of its kind, or harmless, within 512 MB and 10 s of CPU, start of the workers included."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.loaders.bombs import BOMBS

MAX_PEAK_BYTES = 512_000_000
MAX_CPU_S = 10


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_costs_an_error_and_little_else(name):
    paths = [str(Path(path).absolute()) for path in sys.path]
    program = f"import sys; sys.path[:] = {paths!r}; from tests.loaders.measured_load import main; main()"
    run = subprocess.run(
        [sys.executable, "-c", program, name], capture_output=True, text=True, timeout=250, check=False
    )
    assert run.returncode == 0, run.stderr
    said = json.loads(run.stdout)
    assert said["is_clean"]
    allowed = [kind.__name__ for kind in BOMBS[name].errors]
    assert said["error"] in allowed if allowed else said["error"] is None or said["error"].endswith("Error"), said
    assert said["peak_bytes"] <= MAX_PEAK_BYTES, said
    assert said["cpu_s"] <= MAX_CPU_S, said
