"""From the settings' word to chunks, and from a small chunk that was found to the larger text that is answered from."""

from __future__ import annotations

import pytest

import konverze_rag as kr
from konverze_core.fakes import HashingEmbedder, ScriptedChatModel
from konverze_rag.chunkers import chunker_of
from tests.settings import OFFLINE

POLICY = b"""# Returns

Parcels go back to the shop in Pune. The refund takes 7 working days. It is paid to the card that was charged.

Broken cups are replaced. Send us a picture of the cup first.
"""
QUESTION = "How many working days does the refund take?"


def _settings(**values) -> kr.Settings:
    return OFFLINE.model_copy(update=values)


def _texts(tenant) -> list[str]:
    return sorted(hit.chunk.text.strip() for hit in tenant.search("refund cup parcels card picture", k=50))


@pytest.mark.parametrize("chunker", ["sentences", "parents"])
def test_small_chunks_are_found_and_larger_ones_answered_from(make_engine, chunker):
    chat = ScriptedChatModel(["The refund takes 7 working days [1]. It is paid to the card that was charged [1]."])
    settings = _settings(chunker=chunker, chunk_tokens=16, chunk_overlap_tokens=0, parent_tokens=64)
    tenant = make_engine(chat=chat, settings=settings).tenant("acme")
    tenant.ingest(POLICY, source="returns.md")
    assert max(len(hit.chunk.text) for hit in tenant.search(QUESTION, k=1)) < 120
    answer = tenant.ask(QUESTION)
    document = kr.load(POLICY, name="returns.md")
    source = answer.hits[0].chunk
    assert source.text == document.text[source.span.start : source.span.end]
    assert len(answer.hits) == 1
    assert "Broken cups are replaced." in source.text
    assert source.text in chat.prompts[0].messages[-1].text
    assert answer.removed_citations == 0
    assert len(answer.citations) == 2
    for citation in answer.citations:
        assert citation.quote == document.text[citation.span.start : citation.span.end]


def test_a_citation_may_run_over_the_border_of_two_chunks(make_engine):
    claim = "Parcels go back to the shop in Pune and the refund takes 7 working days"
    chat = ScriptedChatModel([f"{claim} [1]."])
    settings = _settings(chunker="sentences", chunk_tokens=32, chunk_overlap_tokens=0)
    tenant = make_engine(chat=chat, settings=settings).tenant("acme")
    tenant.ingest(POLICY, source="returns.md")
    (citation,) = tenant.ask(QUESTION).citations
    document = kr.load(POLICY, name="returns.md")
    assert citation.quote == document.text[citation.span.start : citation.span.end]
    assert "Pune. The refund" in citation.quote


def test_what_the_filter_keeps_out_is_not_answered_from(make_engine):
    chat = ScriptedChatModel(["NO_ANSWER", "NO_ANSWER"])
    tenant = make_engine(chat=chat, settings=OFFLINE).tenant("acme")
    texts, start = ["The refund takes 7 working days. ", "The secret refund is double. ", "Cups are replaced."], 0
    whole = kr.Span(0, sum(map(len, texts)))
    for ordinal, text in enumerate(texts):
        span = kr.Span(start, start + len(text))
        level = {"level": "staff" if "secret" in text else "all"}
        tenant.add([kr.Chunk(document_id="d", ordinal=ordinal, text=text, span=span, parent=whole, metadata=level)])
        start += len(text)
    tenant.ask(QUESTION, where={"level": "all"})
    tenant.ask(QUESTION)
    prompts = [prompt.messages[-1].text for prompt in chat.prompts]
    assert "working days" in prompts[0]
    assert ["secret" in prompt for prompt in prompts] == [False, True]


def test_the_newest_version_of_a_document_is_answered_from(make_engine):
    settings = _settings(chunker="sentences", chunk_tokens=32, chunk_overlap_tokens=0)
    tenant = make_engine(settings=settings, chat=ScriptedChatModel(["NO_ANSWER"])).tenant("acme")
    tenant.ingest(POLICY, source="returns.md")
    tenant.ingest(POLICY.replace(b"7 working days", b"9 working days"), source="returns.md")
    chunk = tenant.search(QUESTION, k=1)[0].chunk
    around = tenant.index.snapshot().parent_chunks(chunk)
    assert "9 working days" in "".join(part.text for part in around)
    assert "7 working days" not in "".join(part.text for part in around)


def test_context_and_parent_come_back_as_they_were_stored(make_engine):
    tenant = make_engine().tenant("acme")
    chunks = [
        kr.Chunk(document_id="d", ordinal=0, text="Pro | ₹499", context="Plans\nPlan | Price", span=kr.Span(3, 13)),
        kr.Chunk(document_id="d", ordinal=1, text="x y", span=kr.Span(5, 8), parent=kr.Span(2, 9), context=""),
        kr.Chunk(document_id="d", ordinal=2, text="z", heading="Plans"),
    ]
    tenant.add(chunks)
    found = sorted((hit.chunk for hit in tenant.search("pro x z plans", k=9)), key=lambda chunk: chunk.ordinal)
    assert found == chunks
    assert [hit.chunk.ordinal for hit in tenant.search("price plan", k=1)] == [0]


@pytest.mark.parametrize(
    "changes",
    [
        {"parent": kr.Span(0, 2)},
        {"parent": (0, 9)},
        {"span": None, "parent": kr.Span(0, 9)},
        {"context": 5},
        {"context": "\ud800"},
    ],
)
def test_what_cannot_be_stored_is_refused(acme, changes):
    fields = {"document_id": "d", "ordinal": 0, "text": "abc", "span": kr.Span(1, 4)} | changes
    with pytest.raises(kr.ConfigError):
        acme.add([kr.Chunk(**fields)])


def test_a_tenants_own_chunker_holds_from_the_next_ingest(make_engine):
    tenant = make_engine(settings=OFFLINE).tenant("acme")
    tenant.ingest(POLICY, source="returns.md")
    assert len(_texts(tenant)) == 1
    tenant.configure(kr.TenantSettings(chunker="sentences"))
    report = tenant.ingest(POLICY, source="returns.md")
    assert (report.documents, len(_texts(tenant))) == (1, 5)
    assert tenant.ingest(POLICY, source="returns.md").skipped == ("returns.md",)


def test_each_name_makes_its_chunker():
    embedder = HashingEmbedder()
    names = ["tokens", "sentences", "parents", "rows", "semantic"]
    made = [chunker_of(_settings(chunker=name), embedder, embedder.count_tokens).name for name in names]
    assert [name.split(",")[0].split()[0] for name in made] == ["token", "sentence", "parents", "rows", "semantic"]


def test_no_chunk_is_longer_than_the_embedder_reads():
    embedder = HashingEmbedder()
    most = embedder.info.max_tokens
    document = kr.Document(text="word " * 3 * most)
    chunks = chunker_of(_settings(chunk_tokens=4 * most), embedder, embedder.count_tokens).chunk(document, "d")
    assert max(embedder.count_tokens([chunk.searchable_text for chunk in chunks])) <= most


def test_semantic_chunks_need_a_model(make_engine):
    with pytest.raises(kr.ConfigError, match="semantic"):
        chunker_of(_settings(chunker="semantic"), None, lambda texts: [len(text) for text in texts])
    tenant = make_engine(embedder=None, settings=_settings(chunker="semantic")).tenant("acme")
    with pytest.raises(kr.ConfigError, match="semantic"):
        tenant.ingest(POLICY, source="returns.md")
