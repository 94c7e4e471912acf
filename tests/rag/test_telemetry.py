"""What OpenTelemetry's own SDK receives of asks."""

import logging

import pytest
from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

import konverze_rag as kr
from konverze_core.fakes import ScriptedChatModel

QUESTION = "How long does a refund of secret-canary take?"
TEXT = b"A refund takes 7 working days."


@pytest.fixture(scope="module")
def sdk():
    """A process has one of each, for good."""
    spans, reader = InMemorySpanExporter(), InMemoryMetricReader()
    tracers = TracerProvider()
    tracers.add_span_processor(SimpleSpanProcessor(spans))
    trace.set_tracer_provider(tracers)
    metrics.set_meter_provider(MeterProvider(metric_readers=[reader]))
    return spans, reader


@pytest.fixture
def spans(sdk):
    sdk[0].clear()
    return sdk[0]


@pytest.fixture
def ask(make_engine):
    def run(*replies, question=QUESTION, **named):
        chat = ScriptedChatModel(list(replies)) if replies else None
        tenant = make_engine(chat=chat).tenant("acme")
        tenant.ingest(TEXT, source="policy.txt")
        return tenant.ask(question, **named)

    return run


def _by_name(spans):
    return {span.name: span for span in spans.get_finished_spans()}


def test_an_ask_is_a_span_with_its_stages_inside(ask, spans):
    answer = ask("A refund takes 7 working days [1].", conversation="c", visitor="asha")
    found = _by_name(spans)
    root = found["konverze.ask"]
    assert {"konverze.condense", "konverze.retrieve", "konverze.compose", "konverze.generate", "konverze.store"} < set(
        found
    )
    assert all(span.parent.span_id == root.context.span_id for span in found.values() if span is not root)
    assert dict(root.attributes) == {
        "konverze.tenant.id": "acme",
        "konverze.outcome": "generated",
        "konverze.degraded": False,
        "konverze.citations": 1,
        "konverze.removed_citations": 0,
        "konverze.unsupported": 0,
        "konverze.confidence": answer.confidence,
        "konverze.hits": 1,
        "konverze.generation": answer.generation,
    }
    assert found["konverze.store"].start_time >= root.start_time
    assert root.end_time >= found["konverze.store"].end_time


def test_the_models_answer_is_named_by_the_genai_conventions(ask, spans):
    answer = ask("A refund takes 7 working days [1].")
    chat = _by_name(spans)["chat scripted"]
    assert chat.kind is SpanKind.CLIENT
    assert dict(chat.attributes) == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "scripted",
        "gen_ai.usage.input_tokens": answer.usage.input_tokens,
        "gen_ai.usage.output_tokens": answer.usage.output_tokens,
    }


def test_a_failing_model_is_an_error_of_its_span_and_a_degraded_ask(ask, spans):
    ask(kr.ProviderUnavailableError("down"), question="How long does a refund take?")
    found = _by_name(spans)
    assert found["chat scripted"].status.status_code is StatusCode.ERROR
    assert found["chat scripted"].attributes["error.type"] == "ProviderUnavailableError"
    assert found["konverze.ask"].attributes["konverze.degraded"] is True
    assert found["konverze.ask"].attributes["konverze.outcome"] == "extractive"
    assert found["konverze.ask"].status.status_code is StatusCode.UNSET


def test_an_ask_that_fails_or_is_given_up_ends_its_span(make_engine, blobs, monkeypatch, spans):
    tenant = make_engine(chat=ScriptedChatModel(["A refund takes 7 working days [1]."])).tenant("acme")
    tenant.ingest(TEXT, source="policy.txt")
    events = tenant.stream(QUESTION)
    next(events)
    events.close()
    tenant.erase()
    with pytest.raises(kr.TenantErasedError):
        tenant.ask(QUESTION)
    given_up, failed = [span for span in spans.get_finished_spans() if span.name == "konverze.ask"]
    assert given_up.status.status_code is StatusCode.UNSET
    assert "konverze.outcome" not in given_up.attributes
    assert failed.attributes["error.type"] == "TenantErasedError"


def test_metrics_tell_tokens_and_times_and_no_tenant(ask, sdk, spans):
    ask("A refund takes 7 working days [1].")
    data = sdk[1].get_metrics_data()
    found = {metric.name: metric for r in data.resource_metrics for s in r.scope_metrics for metric in s.metrics}
    assert set(found) == {
        "konverze.ask.duration",
        "konverze.ask.stage.duration",
        "gen_ai.client.operation.duration",
        "gen_ai.client.token.usage",
    }
    assert found["gen_ai.client.token.usage"].unit == "{token}"
    points = [point for metric in found.values() for point in metric.data.data_points]
    assert {point.attributes.get("gen_ai.token.type") for point in points} == {None, "input", "output"}
    assert all("acme" not in str(point.attributes) for point in points)
    assert all(point.sum > 0 for point in points)


def test_no_content_is_in_traces_metrics_or_logs(ask, sdk, spans, caplog):
    with caplog.at_level(logging.DEBUG):
        ask("A refund takes 7 working days [1].", conversation="talk-9", visitor="asha")
    told = (
        str([span.to_json() for span in spans.get_finished_spans()]) + sdk[1].get_metrics_data().to_json() + caplog.text
    )
    assert "outcome=generated" in caplog.text
    for secret in ("secret-canary", "working days", "policy.txt", "talk-9", "asha"):
        assert secret not in told
