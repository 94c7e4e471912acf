"""Several processes write one tenant at once: nothing is lost or doubled, and one version of a document stays."""

import os
import subprocess
import sys

import konverze_rag as kr

WRITERS = 4
TURNS = 8

WRITER = """
import sys
import konverze_rag as kr

root, number, turns = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
settings = kr.Settings(openai_api_key=None, openai_base_url=None, embeddings="none")
with kr.Engine.open(root, settings=settings) as engine:
    acme = engine.tenant("acme")
    for turn in range(turns):
        acme.ingest(f"shared text of writer {number} turn {turn}".encode(), source="shared")
        acme.ingest(f"own text of writer {number} turn {turn}".encode(), source=f"own-{number}-{turn}")
        acme.add([kr.Chunk(document_id=f"bulk-{number}", ordinal=turn, text=f"bulk {number} {turn}")])
        if turn % 3 == 2:
            acme.delete(f"own-{number}-{turn - 1}")
            acme.compact()
        acme.ask(f"What is the own text of writer {number}?", conversation="c", visitor="v")
"""


def test_four_processes_lose_nothing(tmp_path):
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-W", "error", "-c", WRITER, str(tmp_path)]
    writers = [
        subprocess.Popen([*command, str(number), str(TURNS)], env=environment, stderr=subprocess.PIPE, text=True)
        for number in range(WRITERS)
    ]
    failures = [writer.communicate(timeout=200)[1] for writer in writers]
    assert [writer.returncode for writer in writers] == [0] * WRITERS, failures
    settings = kr.Settings(openai_api_key=None, openai_base_url=None, embeddings="none")
    with kr.Engine.open(tmp_path, settings=settings) as engine:
        acme = engine.tenant("acme", create=False)
        chunks = {row.id: row.chunks for row in acme.documents()}
        deleted = {f"own-{number}-{turn - 1}" for number in range(WRITERS) for turn in range(2, TURNS, 3)}
        own = {f"own-{number}-{turn}" for number in range(WRITERS) for turn in range(TURNS)} - deleted
        assert chunks == {"shared": 1} | dict.fromkeys(own, 1) | {f"bulk-{number}": TURNS for number in range(WRITERS)}
        assert len(acme.search("shared text", k=100, where={"document_id": "shared"})) == 1
        commits = acme.index.blobs.names("commits/")
        assert len(commits) == acme.stats().generation
        turns = [name for name in acme.index.blobs.names("days/") if not name.endswith("/key")]
        assert len(turns) == WRITERS * TURNS
        assert acme.ask("And for that one?", conversation="c").question != "And for that one?"
