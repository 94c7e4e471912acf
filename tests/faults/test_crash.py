"""A kill at any system call of a verb that writes leaves the generation before or one after; run again, it finishes."""

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
from konverze_indexes.compaction import compact
from konverze_indexes.erasure import erase_document
from konverze_indexes.manifest import Embedding
from konverze_indexes.reindexing import reindex
from konverze_indexes.vacuum import vacuum
from konverze_indexes.verify import verify
from konverze_core.fakes import HashingEmbedder
from tests.settings import OFFLINE

base, action = Path(sys.argv[1]) / "base", sys.argv[2]
CALLS = ("open", "write", "fsync", "link", "replace", "unlink", "mkdir", "close")
ACTIONS = {
    "ingest": lambda acme: acme.ingest(b"new text", source="new"),
    "replace": lambda acme: acme.ingest(b"second text", source="old"),
    "delete": lambda acme: acme.delete("old"),
    "compact": lambda acme: compact(acme.index),
    "vacuum": lambda acme: vacuum(acme.index, grace_s=0),
    "erase": lambda acme: erase_document(acme.index, "old"),
    "reindex": lambda acme: reindex(acme.index, embedder.embed_documents, Embedding.of(embedder.info)),
}
RESUMED = ("vacuum", "erase", "reindex")
embedder = HashingEmbedder()

def state(root):
    with kr.Engine.open(root, settings=OFFLINE) as engine:
        index = engine.tenant("acme", create=False).index
        snapshot = index.snapshot()
        places = snapshot.live_versions().values()
        texts = sorted(part.segment.chunks_of(position)[0].text for part, position in places)
        findings = list(verify(index.blobs))
        wrong = [found.problem for found in findings if not found.is_harmless]
        return snapshot.manifest.generation, texts, wrong, len(findings)

def run_again(root):
    with kr.Engine.open(root, settings=OFFLINE) as engine:
        ACTIONS[action](engine.tenant("acme"))
    return state(root)

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
        with kr.Engine.open(root, settings=OFFLINE) as engine:
            acme = engine.tenant("acme")
            kill_at(number)
            ACTIONS[action](acme)
        os._exit(0)
    return os.waitpid(child, 0)[1] != 0

with kr.Engine.open(base, settings=OFFLINE) as engine:
    acme = engine.tenant("acme")
    acme.ingest(b"first text", source="old")
    acme.ingest(b"other text", source="other")
    acme.index.blobs.write("hot", "segments/00.hot", b"left over")
states, finished, number, was_killed = [], [], 0, True
while was_killed:
    number += 1
    root = base.with_name(str(number))
    shutil.copytree(base, root)
    was_killed = killed(root, number)
    states.append(state(root))
    if action in RESUMED:
        finished.append(run_again(root))
    shutil.rmtree(root)
print(json.dumps({"before": state(base), "states": states, "finished": finished}))
"""

BEFORE = ["first text", "other text"]
AFTER = {
    "ingest": ["first text", "new text", "other text"],
    "replace": ["other text", "second text"],
    "delete": ["other text"],
    "compact": BEFORE,
    "vacuum": BEFORE,
    "erase": ["other text"],
    "reindex": BEFORE,
}
IN_ONE_COMMIT = {"ingest", "replace", "delete", "compact", "reindex"}
LEAVE_NOTHING = {"vacuum", "erase"}


@pytest.mark.parametrize("action", sorted(AFTER))
def test_a_kill_at_any_call_leaves_one_generation_or_the_next(tmp_path, action):
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", DRIVER, str(tmp_path), action],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    outcome = json.loads(done.stdout)
    assert outcome["before"] == [2, BEFORE, [], 1]
    for generation, texts, wrong, _ in outcome["states"]:
        assert texts in (BEFORE, AFTER[action])
        assert wrong == []
        assert action not in IN_ONE_COMMIT or [generation, texts] in ([2, BEFORE], [3, AFTER[action]])
    assert outcome["states"][0][:2] == [2, BEFORE]
    assert outcome["states"][-1][1] == AFTER[action]
    assert len(outcome["states"]) > 10
    for _, texts, wrong, findings in outcome["finished"]:
        assert (texts, wrong) == (AFTER[action], [])
        assert action not in LEAVE_NOTHING or findings == 0
