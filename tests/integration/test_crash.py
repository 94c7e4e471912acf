"""A kill at any system call of a whole ingest, replacement or delete leaves the generation before or the one after."""

import json
import os
import subprocess
import sys

import pytest

# Forks from a process with one thread that has loaded the library once: a hundred kills in a few seconds.
DRIVER = """
import json, os, shutil, signal, sys
from pathlib import Path
import konverze_rag as kr

base, action = Path(sys.argv[1]) / "base", sys.argv[2]
settings = kr.Settings(openai_api_key=None, openai_base_url=None, embeddings="none")
CALLS = ("open", "write", "fsync", "link", "replace", "unlink", "mkdir", "close")
ACTIONS = {
    "ingest": lambda acme: acme.ingest(b"new text", source="new"),
    "replace": lambda acme: acme.ingest(b"second text", source="old"),
    "delete": lambda acme: acme.delete("old"),
    "compact": lambda acme: acme.compact(),
}

def state(root):
    with kr.Engine.open(root, settings=settings) as engine:
        acme = engine.tenant("acme", create=False)
        return acme.stats().generation, sorted(hit.chunk.text for hit in acme.search("text", k=50))

def kill_at(number):
    count = 0
    def counted(call):
        def wrapped(*args, **options):
            nonlocal count
            count += 1
            if count == number:
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*args, **options)
        return wrapped
    for name in CALLS:
        setattr(os, name, counted(getattr(os, name)))

def killed(root, number):
    child = os.fork()
    if child == 0:
        with kr.Engine.open(root, settings=settings) as engine:
            acme = engine.tenant("acme")
            kill_at(number)
            ACTIONS[action](acme)
        os._exit(0)
    return os.waitpid(child, 0)[1] != 0

with kr.Engine.open(base, settings=settings) as engine:
    acme = engine.tenant("acme")
    acme.ingest(b"first text", source="old")
    acme.ingest(b"other text", source="other")
states, number, was_killed = [], 0, True
while was_killed:
    number += 1
    root = base.with_name(str(number))
    shutil.copytree(base, root)
    was_killed = killed(root, number)
    states.append(state(root))
print(json.dumps({"before": state(base), "states": states}))
"""

AFTER = {
    "ingest": ["first text", "new text", "other text"],
    "replace": ["other text", "second text"],
    "delete": ["other text"],
    "compact": ["first text", "other text"],
}


@pytest.mark.parametrize("action", sorted(AFTER))
def test_a_kill_at_any_call_leaves_one_generation_or_the_next(tmp_path, action):
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", DRIVER, str(tmp_path), action],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )
    assert done.returncode == 0, done.stderr
    outcome = json.loads(done.stdout)
    before, after = outcome["before"], [outcome["before"][0] + 1, AFTER[action]]
    assert before == [2, ["first text", "other text"]]
    assert all(state in (before, after) for state in outcome["states"])
    assert outcome["states"][0] == before
    assert outcome["states"][-1] == after
    assert len(outcome["states"]) > 10
