"""What a remote embedding model gets to see, and what it costs: over a loopback server, by the bytes that arrive."""

import json

import pytest

import konverze_rag as kr
from konverze_core.fakes import HashingEmbedder, OverlapReranker
from konverze_indexes.dense_building import FLAT_BYTES, FLAT_ROWS
from konverze_rag.providers.tiktoken_offline import CL100K, TokenCounter
from tests.servers.openai_server import OpenAIServer, Reply
from tests.settings import OFFLINE

DIM = 64
KINDS = tuple(kr.PersonalData)
SECRETS = {
    "email": "asha.rao@shop.example",
    "phone": "+91 98765 43210",
    "aadhaar": "2345 6789 0124",
    "pan": "AAPFU0939F",
    "gstin": "27AAPFU0939F1ZV",
    "upi": "asha@okhdfcbank",
    "card": "4111 1111 1111 1111",
}
KEPT = "help@acme.example"
TEXT = "Records. " + " ".join(f"The {kind} on file is {value}." for kind, value in SECRETS.items()) + f" Ask {KEPT}."
QUESTION = f"Who has the pan {SECRETS['pan']} and the phone 98765\u200b43210?"


class Remembering(HashingEmbedder):
    """Remembers the texts that it was given; questions are documents to it."""

    def __init__(self):
        super().__init__()
        self.texts = []

    def embed_documents(self, texts):
        self.texts += texts
        return super().embed_documents(texts)


@pytest.fixture
def server():
    with OpenAIServer() as running:
        yield running


@pytest.fixture
def make_remote(server, tmp_path):
    """Makes engines whose embeddings and answers are the server's."""
    engines = []

    def make(**changes):
        settings = kr.Settings(
            openai_api_key="key",
            openai_base_url=server.url,
            embeddings="openai",
            loader_workers=0,
            **{"embedding_dim": DIM, "redact": KINDS, "redaction_keeps": [KEPT], **changes},
        )
        engines.append(kr.Engine.open(tmp_path / "data", settings=settings))
        return engines[-1]

    yield make
    for engine in engines:
        engine.close()


def _embedded(server):
    """The texts that the embedding model was sent since the last look."""
    bodies = [request.body for request in server.requests if request.path == "/v1/embeddings"]
    sent = json.dumps([request.body for request in server.requests], ensure_ascii=False)
    server.requests.clear()
    found = [secret for secret in (*SECRETS.values(), "98765", "43210") if secret in sent]
    return [text for body in bodies for text in body["input"]], found


def test_no_identifier_arrives_from_any_call(make_remote, server):
    tenant = make_remote().tenant("acme")
    calls = {
        "ingest": lambda: tenant.ingest(TEXT.encode(), source="records.txt"),
        "again, changed": lambda: tenant.ingest(f"{TEXT} Since 2020.".encode(), source="records.txt"),
        "add": lambda: tenant.add([kr.Chunk(document_id="ready", ordinal=0, text=TEXT, heading=SECRETS["email"])]),
        "search": lambda: tenant.search(QUESTION),
        "ask": lambda: tenant.ask(f"{QUESTION} Please.", conversation="c"),
        "ask on": lambda: tenant.ask(f"And {SECRETS['upi']}?", conversation="c"),
        "reindex": tenant.reindex,
    }
    for name, call in calls.items():
        call()
        texts, found = _embedded(server)
        assert texts, name
        assert found == [], name
        assert name not in {"ingest", "add", "reindex"} or KEPT in "".join(texts), name


def test_a_question_and_the_chunk_that_answers_it_are_told_by_the_same_word(make_remote, server):
    tenant = make_remote().tenant("acme")
    tenant.ingest(TEXT.encode(), source="records.txt")
    [chunk], _ = _embedded(server)
    assert "The pan on file is <PAN>. The gstin on file is <GSTIN>." in chunk
    hits = tenant.search(QUESTION)
    assert _embedded(server)[0] == ["Who has the pan <PAN> and the phone <PHONE>?"]
    assert SECRETS["pan"] in hits[0].chunk.text


class RemoteReranker(OverlapReranker):
    """Remembers what it would have sent."""

    hosts = ("rerank.example",)

    def __init__(self):
        self.seen = []

    def rerank(self, question, hits):
        self.seen += [question, *(f"{hit.chunk.searchable_text} {hit.chunk.text}" for hit in hits)]
        return super().rerank(question, hits)


class SilentReranker(RemoteReranker):
    """Does not say where it sends data."""

    hosts = None


class LocalReranker(RemoteReranker):
    """Sends nothing."""

    hosts = ()


@pytest.mark.parametrize(
    ("kind", "sees_all"), [(RemoteReranker, False), (SilentReranker, False), (LocalReranker, True)]
)
def test_a_reranker_that_may_send_data_away_sees_none_that_is_redacted(kind, sees_all, tmp_path):
    reranker = kind()
    settings = OFFLINE.model_copy(update={"redact": KINDS, "redaction_keeps": (KEPT,)})
    with kr.Engine.open(tmp_path, settings=settings) as made:
        parts = {"blobs": made.blobs, "keys": made.keys}
        with kr.Engine(settings=settings, embedder=HashingEmbedder(), reranker=reranker, **parts) as engine:
            tenant = engine.tenant("acme")
            tenant.add([kr.Chunk(document_id="d", ordinal=0, text=TEXT, heading=SECRETS["email"])])
            [hit] = tenant.search(QUESTION)
    assert (hit.chunk.text, hit.chunk.heading) == (TEXT, SECRETS["email"])
    assert hit.explain.fused_score is not None
    question, text = reranker.seen
    found = [secret for secret in (*SECRETS.values(), "43210") if secret in question + text]
    assert bool(found) == sees_all
    assert KEPT in text


def test_words_tell_apart_what_looks_alike_to_the_model(make_remote):
    tenant = make_remote().tenant("acme")
    pans = [f"AAPFU{number:04d}F" for number in range(50)]
    tenant.ingest({pan: f"Customer {number} has the PAN {pan}.".encode() for number, pan in enumerate(pans)})
    assert [tenant.search(pan, k=1)[0].chunk.document_id for pan in pans] == pans


def test_a_sentence_that_holds_an_identifier_is_searched_by_words_before_all(make_remote):
    tenant = make_remote().tenant("acme")
    pans = [f"AAPFU{number:04d}F" for number in range(50)]
    tenant.ingest({pan: f"Customer {number} has the PAN {pan}.".encode() for number, pan in enumerate(pans)})
    assert [tenant.search(f"Whose PAN is {pan}?")[0].chunk.document_id for pan in pans] == pans


def test_sentences_that_a_semantic_chunker_compares_are_redacted(make_remote, server):
    tenant = make_remote(chunker="semantic").tenant("acme")
    settings = tenant.tenancy.settings
    for look in (
        lambda: tenant.inspect(TEXT.encode(), source="records.txt"),
        lambda: kr.inspect_file(TEXT.encode(), source="records.txt", settings=settings),
        lambda: tenant.ingest(TEXT.encode(), source="records.txt"),
    ):
        look()
        texts, found = _embedded(server)
        assert "<PHONE>" in " ".join(texts)
        assert found == []


def test_sentences_that_stand_for_questions_are_redacted(make_remote, server):
    dim = FLAT_BYTES // FLAT_ROWS
    tenant = make_remote(embedding_dim=dim).tenant("acme")
    chunks = [
        kr.Chunk(document_id="d", ordinal=number, text=f"The phone is {SECRETS['phone']}.")
        for number in range(FLAT_ROWS + 1)
    ]
    tenant.add(chunks)
    texts, found = _embedded(server)
    assert len(texts) > len(chunks)
    assert (set(texts), found) == ({"The phone is <PHONE>."}, [])


def test_tenants_that_share_a_model_each_redact_for_themselves(make_remote, server):
    engine = make_remote(redact=())
    acme, globex = engine.tenant("acme"), engine.tenant("globex")
    acme.configure(kr.TenantSettings(redact=(kr.PersonalData.PAN,)))
    for tenant in (acme, globex):
        tenant.ingest(TEXT.encode(), source="records.txt")
        tenant.search(SECRETS["pan"])
    masked = TEXT.replace(SECRETS["pan"] + ".", "<PAN>.")
    assert _embedded(server)[0] == [masked, "<PAN>", TEXT, SECRETS["pan"]]


def test_without_redaction_a_remote_model_sees_the_texts_and_with_it_a_local_one_does(make_remote, server, make_engine):
    tenant = make_remote(redact=()).tenant("acme")
    tenant.ingest(TEXT.encode(), source="records.txt")
    assert _embedded(server)[0] == [TEXT]

    model = Remembering()
    local = make_engine(embedder=model, settings=OFFLINE.model_copy(update={"redact": KINDS})).tenant("acme")
    local.ingest(TEXT.encode(), source="records.txt")
    local.search(QUESTION)
    assert model.texts == [TEXT, QUESTION]


def test_redaction_holds_from_the_moment_it_is_set_and_sends_nothing_again_by_itself(make_remote, server):
    tenant = make_remote(redact=()).tenant("acme")
    tenant.ingest({"records.txt": TEXT.encode()})
    tenant.search(QUESTION)
    _embedded(server)
    tenant.configure(kr.TenantSettings(redact=KINDS))
    assert tenant.ingest({"records.txt": TEXT.encode()}).skipped == ("records.txt",)
    assert _embedded(server) == ([], [])
    assert tenant.search(f"{QUESTION} Please.")
    assert _embedded(server)[1] == []
    tenant.reindex()
    assert "<PAN>" in _embedded(server)[0][0]


# Usage and budget

POLICY = b"A refund takes 7 working days."
REFUND = "How long does a refund take?"
MODEL = "text-embedding-3-small"
PRICES = {MODEL: kr.Price(input=1_000_000), "gpt-5-mini": kr.Price(input=0, output=0)}


@pytest.fixture
def tokens():
    """How many tokens a text has for OpenAI's embedding models."""
    counter = TokenCounter(CL100K)
    return lambda *texts: sum(counter.count_many(texts))


def test_answers_and_ingests_tell_what_their_embeddings_took(make_remote, server, tokens):
    tenant = make_remote(prices=PRICES).tenant("acme")
    report = tenant.ingest({"policy.txt": POLICY, "records.txt": TEXT.encode()})
    texts, _ = _embedded(server)
    assert report.usage == kr.Usage(tokens(*texts), 0, float(tokens(*texts)))
    assert tenant.ingest(POLICY, source="policy.txt").usage == kr.Usage()
    server.script(Reply(), Reply(text="It takes 7 working days [1]."), Reply(text="It takes 7 working days [1]."))
    first, second = tenant.ask(REFUND), tenant.ask(REFUND)
    assert first.usage.cost == tokens(REFUND)
    assert first.usage.input_tokens - second.usage.input_tokens == tokens(REFUND)
    assert second.usage.cost == 0  # the vector was kept


def test_a_semantic_chunkers_sentences_and_a_syncs_files_count_too(make_remote, server, tokens, tmp_path):
    tenant = make_remote(chunker="semantic").tenant("acme")
    (tmp_path / "manuals").mkdir()
    (tmp_path / "manuals" / "policy.txt").write_bytes(POLICY + b" Delivery takes 3 days.")
    usage = tenant.sync(tmp_path / "manuals").usage
    texts, _ = _embedded(server)
    assert len(texts) > 1
    assert usage == kr.Usage(tokens(*texts), 0, None)


def test_past_the_budget_questions_are_searched_by_words(make_remote, server):
    tenant = make_remote(daily_tokens=20).tenant("acme")
    report = tenant.ingest({"policy.txt": POLICY, "records.txt": TEXT.encode()})
    assert report.usage.input_tokens > 20  # what the owner uploads is not what the visitors may spend
    assert tenant.search(REFUND)[0].explain.dense_rank == 1
    _embedded(server)
    with pytest.raises(kr.ProviderRejectedError, match="budget for today is spent"):
        tenant.search("Is a refund taken care of within seven or eight or nine working days of mine?")
    events = [*tenant.stream("Does a refund take nine working days, or eight, or seven, or six, or more than ten?")]
    assert events[0] == kr.Degraded("searched by words only: the bot's budget for today is spent")
    assert events[-1].answer.hits
    assert events[-1].answer.usage == kr.Usage()
    assert _embedded(server) == ([], [])
    assert tenant.search(REFUND)  # its vector was kept


def test_money_is_spent_on_questions_as_tokens_are(make_remote, tokens):
    tenant = make_remote(daily_cost=float(tokens(REFUND)), prices=PRICES).tenant("acme")
    tenant.ingest(POLICY, source="policy.txt")
    assert tenant.search(REFUND)
    with pytest.raises(kr.ProviderRejectedError, match="budget"):
        tenant.search("refund")


def test_a_question_that_could_not_be_embedded_costs_nothing(make_remote, server, tokens):
    tenant = make_remote(daily_tokens=tokens(REFUND)).tenant("acme")
    tenant.ingest(POLICY, source="policy.txt")
    server.script(Reply(status=401), Reply(status=401))
    for _ in range(2):
        with pytest.raises(kr.ProviderRejectedError, match="401"):
            tenant.search(REFUND)
    assert tenant.search(REFUND)


def test_a_daily_cost_needs_the_price_of_a_remote_embedding_model():
    prices = {"gpt-5-mini": kr.Price(input=1, output=1)}
    without = {"openai_api_key": None, "openai_base_url": None, "daily_cost": 1.0, "prices": prices}
    with pytest.raises(kr.ConfigError, match="embedding_model"):
        kr.Settings(embeddings="openai", **without)
    assert kr.Settings(embeddings="none", **without).daily_cost
    assert kr.Settings(**without | {"embeddings": "openai", "prices": prices | PRICES}).daily_cost


def test_a_local_model_takes_nothing_of_the_budget(make_engine, blobs):
    tenant = make_engine(settings=OFFLINE.model_copy(update={"daily_tokens": 1})).tenant("acme")
    assert tenant.ingest(POLICY, source="policy.txt").usage == kr.Usage()
    assert tenant.ask(REFUND).usage == kr.Usage()
    assert tenant.search("refund")[0].explain.dense_rank == 1
    assert not [name for name in blobs.list("tenants/") if "/spent/" in name]


def test_a_vector_of_the_callers_own_lacks_nothing_and_keeps_its_weight(make_remote, server):
    tenant = make_remote().tenant("acme")
    tenant.ingest(TEXT.encode(), source="records.txt")
    vector = HashingEmbedder(DIM).embed_queries([QUESTION])[0]
    [hit] = tenant.search(QUESTION, vector=vector)
    tenant.configure(kr.TenantSettings(redact=()))
    [plain] = tenant.search(QUESTION, vector=vector)
    assert plain.explain == hit.explain
