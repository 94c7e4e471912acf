import numpy as np
import pytest

import konverze_rag as kr
from konverze_core.fakes import HashingEmbedder, OverlapReranker
from tests.settings import OFFLINE


def _chunks(count, document_id="bulk"):
    return [kr.Chunk(document_id=document_id, ordinal=number, text=f"text {number}") for number in range(count)]


def _vectors(count, dim=16, seed=0):
    vectors = np.random.default_rng(seed).normal(size=(count, dim)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_ready_vectors_are_searched_exactly(make_engine):
    acme = make_engine(embedder=None).tenant("acme")
    vectors = _vectors(50)
    assert acme.add(_chunks(50), vectors) == 1
    hits = acme.search(vector=vectors[7], k=5)
    assert [hit.chunk.ordinal for hit in hits] == np.argsort(-(vectors @ vectors[7]))[:5].tolist()
    assert hits[0].score == pytest.approx(1.0, abs=1e-3)  # vectors are stored in half precision


def test_vector_and_text_search_both_legs_without_an_embedder(make_engine):
    acme = make_engine(embedder=None).tenant("acme")
    vectors = _vectors(50)
    acme.add(_chunks(50), vectors)
    hit = acme.search("text 7", vector=vectors[7], k=1)[0]
    assert (hit.explain.dense_rank, hit.explain.lexical_rank, hit.chunk.ordinal) == (1, 1, 7)


def test_interleaved_documents_keep_their_own_vectors(make_engine):
    acme = make_engine(embedder=None).tenant("acme")
    vectors = _vectors(10)
    chunks = [kr.Chunk(document_id=f"d{n % 2}", ordinal=n, text=f"text {n}") for n in range(10)]
    acme.add(chunks, vectors)
    for number in range(10):
        assert acme.search(vector=vectors[number], k=1)[0].chunk == chunks[number]


def test_added_chunks_are_embedded_where_no_vectors_are_given(acme):
    acme.add([kr.Chunk(document_id="a", ordinal=0, text="refund window"), *_chunks(20)])
    assert acme.search("refund window", k=1)[0].explain.dense_rank == 1


@pytest.mark.parametrize(
    "vectors",
    [
        np.zeros((3, 16)),
        np.zeros(16),
        np.full((2, 16), np.nan),
        np.full((2, 16), 1e30),
        np.zeros((2, 0)),
        np.zeros((2, 16, 1)),
        np.zeros((2, 16), complex),
        [[1.0], [1.0, 2.0]],
        "abc",
        {"a": 1},
        [[object()]],
    ],
    ids=lambda value: str(type(value)),
)
def test_vectors_of_another_shape_are_refused(acme, vectors):
    with pytest.raises(kr.ConfigError, match="vectors"):
        acme.add(_chunks(2), vectors)
    assert acme.stats().generation == 0


@pytest.mark.parametrize("vector", [np.zeros(15), np.zeros((1, 64)), np.full(64, np.inf), "secret words"])
def test_query_vectors_of_another_shape_are_refused(acme, vector):
    acme.add(_chunks(2))
    with pytest.raises(kr.ConfigError, match="vector") as caught:
        acme.search(vector=vector)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("text", ["x" * 9000, 7])
def test_questions_that_are_none_are_refused(acme, text):
    acme.add(_chunks(2))
    with pytest.raises(kr.ConfigError):
        acme.search(text)
    with pytest.raises(kr.ConfigError):
        acme.ask(text)


@pytest.mark.parametrize("text", ["", " \n"])
def test_a_blank_text_finds_nothing_and_is_no_question(acme, text):
    acme.add(_chunks(2))
    assert acme.search(text) == []
    assert len(acme.search(text, vector=np.ones(64))) == 2
    with pytest.raises(kr.ConfigError, match="empty"):
        acme.ask(text)


@pytest.mark.parametrize("chunks", [None, 5, "text", [None], [{"text": "x"}], _chunks(1)[0]])
def test_what_are_no_chunks_are_refused(acme, chunks):
    with pytest.raises(kr.ConfigError):
        acme.add(chunks)


def test_the_same_chunk_twice_keeps_each_vector(make_engine):
    acme = make_engine(embedder=None).tenant("acme")
    one, two = _chunks(2)
    acme.add([one, two, one], np.eye(3))
    assert [hit.score for hit in acme.search(vector=[1, 0, 0])] == [1.0, 0.0, 0.0]
    assert acme.search(vector=[0, 1, 0], k=1)[0].chunk == two


def test_a_model_that_returns_no_numbers_changes_nothing(make_engine):
    class Broken(HashingEmbedder):
        def embed_documents(self, texts):
            return super().embed_documents(texts) * np.nan

    acme = make_engine(embedder=Broken()).tenant("acme")
    with pytest.raises(kr.ProviderUnavailableError, match="not finite"):
        acme.add(_chunks(2))
    with pytest.raises(kr.ProviderUnavailableError, match="not finite"):
        acme.ingest(b"text", source="a")
    assert acme.stats().generation == 0


@pytest.mark.parametrize("k", [np.int64(3), 3])
def test_k_of_numpy_is_a_number(acme, k):
    acme.add(_chunks(9))
    assert len(acme.search("text", k=k)) == 3


@pytest.mark.parametrize("k", [0, -1, 1001, 2.5, True, "3"])
def test_k_is_checked(acme, k):
    with pytest.raises(kr.ConfigError, match="k must"):
        acme.search("x", k=k)


def test_nothing_to_search_for(acme):
    with pytest.raises(kr.ConfigError):
        acme.search()


def test_text_search_over_another_models_vectors_is_refused_with_a_way_out(make_engine):
    make_engine(embedder=HashingEmbedder(dim=32)).tenant("acme").add(_chunks(2))
    for embedder in (HashingEmbedder(dim=64), None):
        acme = make_engine(embedder=embedder).tenant("acme")
        with pytest.raises(kr.EmbedderMismatchError, match="vector="):
            acme.search("text")
        assert len(acme.search(vector=np.ones(32, np.float32))) == 2


def test_reranker_has_the_last_word(make_engine):
    acme = make_engine(reranker=OverlapReranker()).tenant("acme")
    acme.add(_chunks(9))
    assert acme.search("text 5")[0].chunk.text == "text 5"


def test_a_reranker_gives_the_chunks_that_it_was_given(make_engine):
    class Rewriting(OverlapReranker):
        def rerank(self, question, hits):
            return [kr.Hit(chunk=kr.Chunk(document_id="d", ordinal=0, text="Made up."), score=1.0)]

    acme = make_engine(reranker=Rewriting()).tenant("acme")
    acme.add(_chunks(2))
    with pytest.raises(kr.ProviderUnavailableError, match="not given"):
        acme.search("text 1")


def test_added_chunks_that_share_an_ordinal_are_all_found_by_a_follow_up(make_engine):
    acme = make_engine(embedder=None).tenant("acme")
    for text in ("Card refunds take 5 days.", "UPI refunds take 2 days."):
        acme.add([kr.Chunk(document_id="d", ordinal=0, text=text)])
    acme.ask("How long do card refunds take?", conversation="c")
    answer = acme.ask("and for upi?", conversation="c")
    assert {hit.chunk.text[:4] for hit in answer.hits} == {"Card", "UPI "}


def test_documents_keep_what_was_ingested_when_chunks_are_added(acme):
    original, beside = b"Refunds take 7 days.", "Exchanges take 9 days."
    acme.ingest(original, source="policy")
    acme.add([kr.Chunk(document_id="policy", ordinal=1, text=beside)])
    [row] = acme.documents()
    assert (row.chunks, row.metadata["format"]) == (2, "text")
    assert row.content_bytes == len(original) + len(beside)


def test_lone_surrogates_in_a_question_do_no_harm(acme):
    acme.add(_chunks(2))
    assert acme.search("text \ud800 1")[0].chunk.text == "text 1"


def test_delete_and_stats(acme):
    acme.add(_chunks(3, "a"))
    acme.add(_chunks(2, "b"))
    assert acme.delete("a", "nothing") == 1
    stats = acme.stats()
    assert (stats.documents, stats.chunks, stats.deleted_chunks, stats.segments, stats.dim) == (1, 2, 3, 2, 64)
    acme.compact()
    assert (acme.stats().deleted_chunks, acme.stats().segments) == (0, 1)
    for sources in ((), (["b"],), (None,), (5,)):
        with pytest.raises(kr.ConfigError):
            acme.delete(*sources)


# What scores say, and what hits have in common


def test_the_shares_of_both_legs_add_up_to_the_score(make_engine):
    acme = make_engine().tenant("acme")
    acme.ingest({f"d{number}": f"refund number {number} of the shop".encode() for number in range(30)})
    for fusion in ("convex", "rrf"):
        acme.configure(kr.TenantSettings(fusion=fusion))
        hits = acme.search("refund number 7", k=10)
        assert len(hits) == 10
        for hit in hits:
            assert hit.explain.dense_share + hit.explain.lexical_share == pytest.approx(hit.score)
            assert hit.explain.fused_score is None


def test_a_reranked_hit_says_what_its_score_was(make_engine):
    plain, acme = make_engine().tenant("acme"), make_engine(reranker=OverlapReranker()).tenant("acme")
    for tenant in (plain, acme):
        tenant.ingest({f"d{number}": f"refund number {number}".encode() for number in range(5)})
    before = {hit.chunk.document_id: hit.score for hit in plain.search("refund 3")}
    after = {hit.chunk.document_id: hit.explain.fused_score for hit in acme.search("refund 3")}
    assert after == pytest.approx(before)


@pytest.mark.parametrize("search", [{"text": "refund window"}, {"vector": True}])
def test_relevance_weight_brings_in_what_is_unlike(make_engine, search):
    acme = make_engine().tenant("acme")
    same = [kr.Chunk(document_id=f"same{number}", ordinal=0, text="refund window of the shop") for number in range(5)]
    other = kr.Chunk(document_id="other", ordinal=0, text="refund desk")
    vectors = np.array([[1, 0.01 * number, 0] for number in range(5)] + [[0.3, 0, 0.95]], np.float32)
    acme.add([*same, other], vectors)
    query = {"vector": np.array([1, 0, 0], np.float32)} | ({"text": search["text"]} if "text" in search else {})
    assert "other" not in {hit.chunk.document_id for hit in acme.search(**query, k=3)}
    acme.configure(kr.TenantSettings(relevance_weight=0.3))
    hits = acme.search(**query, k=3)
    assert len(hits) == 3
    assert "other" in {hit.chunk.document_id for hit in hits}


def test_stems_are_searched_unless_the_settings_say_no(make_engine):
    stemmed = make_engine(embedder=None).tenant("stemmed")
    whole = make_engine(embedder=None, settings=OFFLINE.model_copy(update={"stemming": False})).tenant("whole")
    found = []
    for tenant in (stemmed, whole):
        tenant.add([kr.Chunk(document_id="d", ordinal=0, text="Refunds are paid")])
        found.append(len(tenant.search("refund", k=1)))
        assert tenant.stats().stemming is bool(found[-1])
    assert found == [1, 0]


def test_many_small_commits_leave_few_segments(make_engine):
    acme = make_engine().tenant("acme")
    for number in range(40):
        acme.add([kr.Chunk(document_id=f"d{number}", ordinal=0, text=f"text {number}")])
    assert acme.stats().segments <= 9
    assert acme.stats().chunks == 40


def test_a_large_index_is_measured_by_the_sentences_of_its_documents(make_engine):
    acme = make_engine().tenant("acme")
    words = [f"w{number}" for number in range(400)]
    random = np.random.default_rng(0)
    chunks = [
        kr.Chunk(document_id="d", ordinal=number, text=" ".join(random.choice(words, 12)) + ".")
        for number in range(6_000)
    ]
    acme.add(chunks)
    (figures,) = acme.stats().dense
    assert figures.rows == 6_000
    assert figures.queries in {"sentences", ""}
    acme.compact()
    assert acme.stats().dense == (figures,)


def test_texts_that_stay_sealed_are_found_all_the_same(tmp_path):
    location = tmp_path / "data"
    chunks = [kr.Chunk(document_id=f"d{n}", ordinal=0, text=f"text {n} " + "मूल्य " * 200) for n in range(50)]
    vectors, found, resident = _vectors(50), [], []
    for in_memory in (True, False):
        settings = OFFLINE.model_copy(update={"texts_in_memory": in_memory})
        with kr.Engine.open(location, settings=settings) as engine:
            acme = engine.tenant("acme")
            if in_memory:
                acme.add(chunks, vectors)
            before = acme.stats().resident_bytes
            found.append([acme.search("text 7", vector=vectors[7], k=20) for _ in range(2)])
            resident.append(acme.stats().resident_bytes - before)
    assert found[0] == found[1]
    assert found[0][0][0].chunk == chunks[7]
    assert resident[0] >= 20 * 400 > resident[1]
