"""Traces, metrics and log lines of asks, by OpenTelemetry and with the names of its GenAI conventions (1.36).

Without an SDK in the process they go nowhere. They tell what was done, how long it took and what it cost; no question,
answer, document or name of a visitor is in them.
"""

from __future__ import annotations

import logging
import time
from typing import Final

from opentelemetry import metrics, trace
from opentelemetry.trace import SpanKind, StatusCode

from konverze_core.answers import Answer, Usage
from konverze_rag.version import __version__

SCOPE: Final = "konverze_rag"
"""Name of tracer, meter and logger."""

NS_A_SECOND: Final = 1_000_000_000
_PROVIDER: Final = "openai"

_log = logging.getLogger(SCOPE)
_tracer = trace.get_tracer(SCOPE, __version__)
_meter = metrics.get_meter(SCOPE, __version__)
_asks = _meter.create_histogram("konverze.ask.duration", unit="s", description="Time of an ask, by what came of it")
_stages = _meter.create_histogram("konverze.ask.stage.duration", unit="s", description="Time of a stage of an ask")
_operations = _meter.create_histogram("gen_ai.client.operation.duration", unit="s", description="Time of a model")
_tokens = _meter.create_histogram("gen_ai.client.token.usage", unit="{token}", description="Tokens of a model")


class AskTrace:
    """The span of one ask, and what is measured of it.

    Args:
        tenant_id: Whose documents are asked; on spans only, metrics would have a series for each.
    """

    def __init__(self, tenant_id: str) -> None:
        self._tenant_id = tenant_id
        self._started = time.perf_counter()
        self._has_ended = False
        self._span = _tracer.start_span("konverze.ask", attributes={"konverze.tenant.id": tenant_id})
        self._context = trace.set_span_in_context(self._span)

    def stage(self, name: str, seconds: float) -> None:
        """A stage that has just ended."""
        self._child(f"konverze.{name}", seconds).end()
        _stages.record(seconds, {"konverze.stage": name})

    def chat(self, model: str, usage: Usage, seconds: float, error: Exception | None = None) -> None:
        """A model's answer, or failure, that has just ended."""
        named: dict[str, str | int] = {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": _PROVIDER,
            "gen_ai.request.model": model,
        }
        span = self._child(f"chat {model}", seconds, SpanKind.CLIENT)
        span.set_attributes(named)
        counts = {"input": usage.input_tokens, "output": usage.output_tokens}
        for kind, count in counts.items():
            span.set_attribute(f"gen_ai.usage.{kind}_tokens", count)
            if count:
                _tokens.record(count, named | {"gen_ai.token.type": kind})
        if error is not None:
            named["error.type"] = type(error).__name__
            span.set_attribute("error.type", type(error).__name__)
            span.set_status(StatusCode.ERROR)
        span.end()
        _operations.record(seconds, named)

    def done(self, answer: Answer) -> None:
        """The ask ended in an answer."""
        outcome = "refused" if answer.refused else str(answer.mode)
        self._span.set_attributes(
            {
                "konverze.outcome": outcome,
                "konverze.degraded": answer.degraded is not None,
                "konverze.citations": len(answer.citations),
                "konverze.removed_citations": answer.removed_citations,
                "konverze.unsupported": len(answer.unsupported),
                "konverze.confidence": answer.confidence,
                "konverze.hits": len(answer.hits),
                "konverze.generation": answer.generation,
            }
        )
        self._end(outcome, is_degraded=answer.degraded is not None)

    def failed(self, error: Exception) -> None:
        """The ask ended in an error."""
        self._span.set_attribute("error.type", type(error).__name__)
        self._span.set_status(StatusCode.ERROR)
        self._end("failed", is_degraded=False)

    def abandoned(self) -> None:
        """Who asked stopped listening; nothing where the ask had ended."""
        if not self._has_ended:
            self._end("abandoned", is_degraded=False)

    def _child(self, name: str, seconds: float, kind: SpanKind = SpanKind.INTERNAL) -> trace.Span:
        began_ns = time.time_ns() - int(seconds * NS_A_SECOND)
        return _tracer.start_span(name, context=self._context, kind=kind, start_time=began_ns)

    def _end(self, outcome: str, *, is_degraded: bool) -> None:
        self._has_ended = True
        seconds = time.perf_counter() - self._started
        _asks.record(seconds, {"konverze.outcome": outcome, "konverze.degraded": is_degraded})
        _log.info("ask: tenant=%s outcome=%s degraded=%s seconds=%.3f", self._tenant_id, outcome, is_degraded, seconds)
        self._span.end()
