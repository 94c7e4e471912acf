"""Runs command lines of the pages."""

import shlex
import subprocess
import sys

import pytest

from konverze_rag.cli import main


def command(words: str, monkeypatch) -> object:
    """Exit status of a command line of ours."""
    monkeypatch.setattr(sys, "argv", ["konverze", *shlex.split(words)])
    with pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code or 0


def run(line: str, monkeypatch) -> None:
    """One command line; our own program in this process, as that takes a tenth of the time."""
    words = shlex.split(line)
    if words[0] != "konverze":
        subprocess.run(["sh", "-ec", line], timeout=60, check=True)
        return
    assert command(shlex.join(words[1:]), monkeypatch) == 0, line
