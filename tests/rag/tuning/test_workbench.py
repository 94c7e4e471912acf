import dataclasses
import threading
import time

import numpy as np
import pytest

import konverze_rag as kr
from konverze_core.fakes import (
    HashingEmbedder,
    ManualClock,
    MemoryBlobStore,
    MemoryKeyProvider,
    OverlapReranker,
    ScriptedChatModel,
)
from konverze_rag.tuning.candidates import NONE, Candidate
from konverze_rag.tuning.questions.question_set import Question, QuestionSet
from konverze_rag.tuning.space import Between, SearchSpace
from konverze_rag.tuning.workbench import Workbench
from tests.loaders.pdf_bytes import pdf, prose, rewritten, written
from tests.settings import OFFLINE

TOPICS = {
    "warranty": "The induction cooktop is under warranty for 24 months from the date of the invoice.",
    "refunds": "A refund is paid within seven working days to the card that was charged.",
    "delivery": "Delivery to Pune takes two days and costs ₹40 below ₹500.",
    "timings": "दुकान सोमवार से शनिवार सुबह दस बजे से रात आठ बजे तक खुली रहती है।",
    "repairs": "Repairs are done at the workshop in Nashik; spare parts are kept for five years.",
    "gifts": "Gift cards are valid for one year and are never paid out in money.",
}
ENDING = "Ask at the counter, by phone or by letter: somebody answers within one working day, though never on Sundays."
QUESTIONS = QuestionSet(
    name="shop",
    questions=(
        Question(id="1", text="How long is the cooktop's warranty?", relevant={"warranty": 1}),
        Question(id="2", text="When is a refund paid?", relevant={"refunds": 1}),
        Question(id="3", text="What does delivery to Pune cost?", relevant={"delivery": 1}, answers=("₹40",)),
        Question(id="4", text="दुकान कब तक खुली रहती है?", relevant={"timings": 1}),
        Question(id="5", text="Where are repairs done?", relevant={"repairs": 1}),
        Question(id="6", text="Do you sell helicopters?", is_unanswerable=True),
    ),
)


class CountingEmbedder(HashingEmbedder):
    """Counts the documents' texts that it embeds."""

    def __init__(self, dim: int = 64) -> None:
        super().__init__(dim=dim)
        self.count = 0

    def embed_documents(self, texts):
        self.count += len(texts)
        return super().embed_documents(texts)

    def embed_queries(self, texts):
        return super().embed_documents(texts)


@pytest.fixture
def embedder():
    return CountingEmbedder()


@pytest.fixture
def engine(embedder):
    clock = ManualClock()
    with kr.Engine(
        settings=OFFLINE,
        blobs=MemoryBlobStore(clock),
        keys=MemoryKeyProvider(clock),
        clock=clock,
        embedder=embedder,
    ) as engine:
        yield engine


@pytest.fixture
def tenant(engine):
    tenant = engine.tenant("acme")
    uploads = {name: f"# {name.title()}\n\n{text}\n\n{ENDING}\n".encode() for name, text in TOPICS.items()}
    tenant.ingest(uploads, metadata={"kind": "policy"})
    return tenant


@pytest.fixture
def bench(tenant):
    with Workbench(tenant) as bench:
        yield bench


def test_the_tenant_as_it_is_served_finds_what_it_finds(tenant, bench):
    found = bench.evaluate(QUESTIONS, k=5)
    for question, hits in zip(QUESTIONS, found.hits, strict=True):
        served = tenant.search(question.text, k=5)
        assert [(hit.chunk, hit.score) for hit in hits] == [(hit.chunk, hit.score) for hit in served]
    assert found.chunks == tenant.stats().chunks
    assert found.generation == tenant.stats().generation


def test_scores_each_question_that_is_judged(bench):
    found = bench.evaluate(QUESTIONS)
    assert found.mean("recall@5") == 1
    assert np.isnan(found.scores["recall@5"]).tolist() == [False] * 5 + [True]
    assert len(found.latencies_ms) == len(QUESTIONS)
    assert (found.latencies_ms > 0).all()


def test_a_candidate_is_cut_as_its_settings_say(bench, tenant):
    fine = bench.evaluate(QUESTIONS, kr.TenantSettings(chunk_tokens=16, chunk_overlap_tokens=0))
    assert fine.chunks > tenant.stats().chunks


def test_metadata_that_was_handed_in_can_be_filtered(tenant):
    filters = {"policies": {"kind": "policy"}, "nothing": {"kind": "invoice"}}
    with Workbench(tenant, filters=filters) as bench:
        assert bench.evaluate(QUESTIONS, Candidate(where="policies")).mean("hit@5") == 1
        assert bench.evaluate(QUESTIONS, Candidate(where="nothing")).mean("hit@5") == 0


def test_chunks_that_were_added_ready_stay_as_they_are(engine):
    tenant = engine.tenant("ready")
    chunk = kr.Chunk(document_id="refunds", ordinal=3, text=TOPICS["refunds"], heading="Refunds", metadata={"a": 1})
    tenant.add([chunk])
    with Workbench(tenant) as bench:
        found = bench.evaluate(QUESTIONS, kr.TenantSettings(chunk_tokens=16, chunk_overlap_tokens=0))
    assert found.hits[1][0].chunk == tenant.search("refund", k=1)[0].chunk


def test_no_text_is_embedded_twice(tenant, embedder):
    fine = kr.TenantSettings(chunk_tokens=16, chunk_overlap_tokens=0)
    ingested = embedder.count
    with Workbench(tenant) as bench:
        bench.evaluate(QUESTIONS)
        assert embedder.count == ingested  # the index has these vectors
        chunks = bench.evaluate(QUESTIONS, fine).chunks
        embedded = embedder.count
        assert ingested < embedded <= ingested + chunks
        bench.evaluate(QUESTIONS, fine.model_copy(update={"dense_weight": 1.0}))
    with Workbench(tenant) as later:
        later.evaluate(QUESTIONS, fine)
    assert embedder.count == embedded


def test_nothing_of_a_candidate_touches_the_tenants_index(tenant, bench, engine):
    before = (tenant.stats().generation, tenant.documents(), engine.tenants())
    bench.evaluate(QUESTIONS, kr.TenantSettings(chunk_tokens=16, chunk_overlap_tokens=0))
    assert (tenant.stats().generation, tenant.documents(), engine.tenants()) == before
    assert tenant.settings() == kr.TenantSettings()


def test_a_candidate_may_name_another_model_a_reranker_or_none(tenant):
    other = CountingEmbedder(dim=32)
    with Workbench(tenant, embedders={"small": other}, rerankers={"overlap": OverlapReranker()}) as bench:
        bench.evaluate(QUESTIONS, Candidate(embedder="small"))
        assert other.count
        reranked = bench.evaluate(QUESTIONS, Candidate(reranker="overlap"))
        assert reranked.hits[0][0].explain.fused_score is not None
        words = bench.evaluate(QUESTIONS, Candidate(embedder=NONE))
        assert all(hit.explain.dense_score is None for hits in words.hits for hit in hits)


@pytest.mark.parametrize("named", [{"embedder": "large"}, {"reranker": "best"}, {"where": "new"}])
def test_a_name_that_the_workbench_does_not_have_is_an_error_that_says_so(bench, named):
    with pytest.raises(kr.ConfigError, match=next(iter(named))):
        bench.evaluate(QUESTIONS, Candidate(**named))


def test_a_follow_up_is_searched_with_what_it_leans_on(bench):
    history = (("How long is the cooktop's warranty?", "24 months."),)
    follow_up = Question(id="f", text="And how long is it?", history=history, relevant={"warranty": 1})
    found = bench.evaluate(QuestionSet(name="follow-up", questions=(follow_up,)), k=1)
    assert found.mean("hit@1") == 1


def test_a_sweep_measures_the_tenant_as_served_and_each_candidate(bench):
    sweep = bench.sweep(QUESTIONS, {"chunk_tokens": [16, 64], "dense_weight": [0.0, 0.3, 1.0]})
    assert sweep.trials[0].candidate == Candidate()
    changes = [trial.candidate.changes for trial in sweep.trials[1:]]
    assert len(changes) == 6
    assert {(one["chunk_tokens"], one["dense_weight"]) for one in changes} == {
        (size, weight) for size in (16, 64) for weight in (0.0, 0.3, 1.0)
    }


def test_a_sweep_tells_candidates_that_cannot_be(bench):
    sweep = bench.sweep(QUESTIONS, {"chunk_tokens": [16, 64], "chunk_overlap_tokens": [32]})
    failed = [trial for trial in sweep.trials if trial.error]
    assert [trial.candidate.changes["chunk_tokens"] for trial in failed] == [16]
    assert "chunk_overlap_tokens" in failed[0].error


def test_an_interrupted_sweep_goes_on_where_it_was(tenant, embedder):
    space = {"chunk_tokens": [16, 64], "chunk_overlap_tokens": [0], "dense_weight": [0.0, 1.0]}

    def interrupt(done: int, total: int) -> None:
        assert total == 5
        if done == 3:
            raise KeyboardInterrupt

    with Workbench(tenant) as bench, pytest.raises(KeyboardInterrupt):
        bench.sweep(QUESTIONS, space, on_progress=interrupt)
    with Workbench(tenant) as bench:
        whole = bench.sweep(QUESTIONS, space)
        embedded = embedder.count
        again = bench.sweep(QUESTIONS, space)
    assert embedder.count == embedded
    for one, other in zip(whole.trials, again.trials, strict=True):
        assert one.candidate == other.candidate
        assert np.array_equal(one.latencies_ms, other.latencies_ms)
        for metric, scores in one.scores.items():
            assert np.array_equal(scores, other.scores[metric], equal_nan=True)


def test_what_was_measured_before_a_change_of_the_documents_is_measured_anew(tenant):
    with Workbench(tenant) as bench:
        assert bench.sweep(QUESTIONS, {"dense_weight": [0.3]}).trials[0].mean("hit@1") == 1
    tenant.delete("refunds")
    with Workbench(tenant) as bench:
        assert bench.sweep(QUESTIONS, {"dense_weight": [0.3]}).trials[0].mean("hit@1") == 0.8


def test_an_optimiser_proposes_the_same_for_the_same_seed(tenant):
    space = SearchSpace.of({"dense_weight": Between(0.0, 1.0), "chunk_tokens": Between(16, 64), "fusion": ["convex"]})
    runs = []
    for _ in range(2):
        with Workbench(tenant) as bench:
            runs.append(bench.sweep(QUESTIONS, space, sampler="tpe", trials=4, seed=7))
    assert [trial.candidate for trial in runs[0].trials] == [trial.candidate for trial in runs[1].trials]
    assert all(isinstance(trial.candidate.settings.chunk_tokens, int) for trial in runs[0].trials[1:])


def test_a_metric_that_no_question_is_judged_by_is_an_error(bench):
    with pytest.raises(kr.ConfigError, match="ndcg@10"):
        bench.sweep(QUESTIONS, {"dense_weight": [0.3]}, metric="map@7")


def test_the_best_is_the_highest_mean_that_keeps_the_constraints(bench):
    sweep = bench.sweep(QUESTIONS, {"dense_weight": [0.0, 0.3, 1.0]})
    best = sweep.best()
    assert best.mean("ndcg@10") == max(trial.mean("ndcg@10") for trial in sweep.trials)
    with pytest.raises(kr.ConfigError, match="constraints"):
        sweep.best(max_p99_ms=0.0)


def test_a_sweep_leaves_no_text_in_the_store_in_the_clear(tenant, bench, engine):
    bench.sweep(QUESTIONS, {"chunk_tokens": [16, 64], "chunk_overlap_tokens": [0]})
    stored = b"".join(bytes(engine.blobs.get(name)) for name in engine.blobs.list(""))
    for text in (*TOPICS.values(), *(question.text for question in QUESTIONS)):
        assert text.encode() not in stored


def test_a_locked_document_is_taken_as_it_was_cut(engine):
    tenant = engine.tenant("locked")
    writer = rewritten(pdf(prose([TOPICS["refunds"], TOPICS["gifts"]])))
    writer.encrypt("secret", "owner", algorithm="AES-128")
    tenant.ingest(written(writer), source="locked.pdf", password="secret")
    with Workbench(tenant) as bench:
        found = bench.evaluate(QUESTIONS, kr.TenantSettings(chunk_tokens=16, chunk_overlap_tokens=0))
    assert found.chunks == tenant.stats().chunks


def test_answers_are_measured_and_leave_no_turn_behind(tenant, bench):
    found = bench.ask(QUESTIONS)
    assert found.scores["refused"].tolist()[-1] == 1
    assert found.scores["answered"][2] == 1
    assert "₹40" in found.texts[2]
    assert list(tenant.turns()) == []


def test_a_candidates_own_threshold_decides_what_it_refuses(bench):
    strict = bench.ask(QUESTIONS, kr.TenantSettings(answerable_score=1.0))
    assert strict.threshold == 1.0
    assert strict.scores["refused"].sum() > bench.ask(QUESTIONS).scores["refused"].sum()


def test_a_sweep_of_answers_is_chosen_by_what_they_say_and_cost():
    clock, chat = ManualClock(), ScriptedChatModel(["It costs ₹40. [1]"] * 18)
    prices = {chat.info.name: kr.Price(input=1.0, output=2.0)}
    settings = OFFLINE.model_copy(update={"prices": prices})
    with kr.Engine(
        settings=settings, blobs=MemoryBlobStore(clock), keys=MemoryKeyProvider(clock), clock=clock, chat=chat
    ) as engine:
        tenant = engine.tenant("acme")
        tenant.ingest({name: text.encode() for name, text in TOPICS.items()})
        with Workbench(tenant) as bench:
            sweep = bench.sweep(QUESTIONS, {"retrieval_k": [1, 4]}, metric="answered", answers=True)
    assert all(trial.mean("input_tokens") > 0 for trial in sweep.trials)
    assert sweep.trials[1].mean("input_tokens") < sweep.trials[2].mean("input_tokens")
    assert sweep.front(against="input_tokens")[0].candidate.changes == {"retrieval_k": 1}


class RemoteEmbedder(CountingEmbedder):
    """Says that it is remote, and where; counts calls that are under way at the same time."""

    hosts = ("localhost",)

    def __init__(self) -> None:
        super().__init__()
        self.lock = threading.Lock()
        self.under_way = self.most = 0

    @property
    def info(self):
        return dataclasses.replace(super().info, name="remote", is_remote=True)

    def embed_documents(self, texts):
        with self.lock:
            self.under_way += 1
            self.most = max(self.most, self.under_way)
        time.sleep(0.02)
        try:
            return super().embed_documents(texts)
        finally:
            with self.lock:
                self.under_way -= 1


def test_a_remote_model_gets_several_calls_at_once_and_no_personal_data(engine):
    tenant = engine.tenant("many")
    tenant.configure(kr.TenantSettings(redact=("phone",)))
    tenant.add(
        [
            kr.Chunk(document_id=f"{number}", ordinal=0, text=f"Branch {number}: call 98205 {12_345 + number}.")
            for number in range(300)
        ]
    )
    remote = RemoteEmbedder()
    seen: list[str] = []
    inner = remote.embed_documents

    def watched(texts):
        seen.extend(texts)
        return inner(texts)

    remote.embed_documents = watched
    with Workbench(tenant, embedders={"remote": remote}) as bench:
        bench.evaluate(QUESTIONS, Candidate(embedder="remote"))
    assert remote.most > 1
    assert len(seen) == 300
    assert [text for text in seen if "98205" in text] == []
