"""Sixteen writers race for twenty names in each store: one wins each, its blob is whole, and nothing is lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from konverze_core.errors import ConflictError
from konverze_core.fakes import MemoryBlobStore
from konverze_indexes.localstore import LocalBlobStore
from konverze_indexes.stores import open_blob_store
from tests.servers.azurite_server import AzuriteServer
from tests.servers.moto_s3_server import MotoS3Server

ROOT = Path(__file__).parents[2]
WRITERS = 16
ROUNDS = 20
BODY_BYTES = 65_536
FAULT = "16 writers x 20 rounds: one winner a round, nothing lost"


@pytest.fixture
def memory():
    return MemoryBlobStore()


@pytest.fixture
def obstore_memory():
    backend = pytest.importorskip("obstore.store", reason="needs obstore: the extra `azure` or `aws`")
    from konverze_indexes.objectstore import ObjectStoreBlobs

    return ObjectStoreBlobs(backend.MemoryStore())


@pytest.fixture
def azurite(tmp_path):
    with AzuriteServer(tmp_path) as server:
        yield open_blob_store("az://blobs", config=server.config, root_certificate=server.root_certificate)


@pytest.fixture
def moto_s3():
    with MotoS3Server() as server:
        yield open_blob_store("s3://bucket", config=server.config)


@pytest.mark.parametrize("kind", ["memory", "obstore_memory", "azurite", "moto_s3"])
def test_one_of_sixteen_threads_wins_each_round(request, figure, kind):
    store = request.getfixturevalue(kind)
    barrier = threading.Barrier(WRITERS)

    def write(writer):
        won = []
        for number in range(ROUNDS):
            barrier.wait(60)
            try:
                store.put(f"races/{number}", bytes([writer]) * BODY_BYTES, if_absent=True)
            except ConflictError:
                continue
            won.append(number)
        return won

    with ThreadPoolExecutor(WRITERS) as pool:
        wins = list(pool.map(write, range(WRITERS)))
    figure(FAULT, passed=_settled(store, wins), of=ROUNDS, note=kind)


PROCESSES = """
import json, multiprocessing, sys
from konverze_core.errors import ConflictError
from konverze_indexes.localstore import LocalBlobStore

root, writers, rounds, size = sys.argv[1], *map(int, sys.argv[2:])
context = multiprocessing.get_context("fork")
barrier, won = context.Barrier(writers), context.Queue()


def write(writer):
    store, wins = LocalBlobStore(root), []
    for number in range(rounds):
        barrier.wait(60)
        try:
            store.put(f"races/{number}", bytes([writer]) * size, if_absent=True)
        except ConflictError:
            continue
        wins.append(number)
    won.put((writer, wins))


processes = [context.Process(target=write, args=(writer,)) for writer in range(writers)]
for process in processes:
    process.start()
wins = dict(won.get(timeout=100) for _ in processes)
for process in processes:
    process.join()
print(json.dumps([wins[writer] for writer in range(writers)]))
"""


def test_one_of_sixteen_processes_wins_each_round_on_a_disk(tmp_path, figure):
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}/core:{ROOT}/indexes", "OPENBLAS_NUM_THREADS": "1"}
    arguments = [str(tmp_path), *map(str, (WRITERS, ROUNDS, BODY_BYTES))]
    command = [sys.executable, "-c", PROCESSES, *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    settled = _settled(LocalBlobStore(tmp_path), json.loads(done.stdout))
    figure(FAULT, passed=settled, of=ROUNDS, note="local, 16 processes")


def _settled(store, wins):
    """Rounds with exactly one winner whose blob stands there, whole."""
    assert len(store.list("races/")) == ROUNDS
    settled = 0
    for number in range(ROUNDS):
        winners = [writer for writer, won in enumerate(wins) if number in won]
        settled += len(winners) == 1 and store.get(f"races/{number}") == bytes([winners[0]]) * BODY_BYTES
    return settled
