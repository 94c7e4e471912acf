"""The fakes of models, and both clocks, hold the contracts."""

from __future__ import annotations

import pytest

from konverze_core.clock import SystemClock
from konverze_core.contracts import ChatModelContract, ClockContract, EmbedderContract, RerankerContract
from konverze_core.fakes import HashingEmbedder, ManualClock, OverlapReranker, ScriptedChatModel
from konverze_core.protocols import Message, Prompt


class TestHashingEmbedder(EmbedderContract):
    @pytest.fixture
    def embedder(self):
        return HashingEmbedder()


class TestScriptedChatModel(ChatModelContract):
    @pytest.fixture
    def chat_model(self):
        return ScriptedChatModel(["Refunds take 30 days [1]."])

    @pytest.fixture
    def prompt(self):
        return Prompt(system="Answer.", messages=(Message(role="user", text="How long?"),))


class TestOverlapReranker(RerankerContract):
    @pytest.fixture
    def reranker(self):
        return OverlapReranker()


class TestManualClock(ClockContract):
    @pytest.fixture
    def clock(self):
        return ManualClock()


class TestSystemClock(ClockContract):
    @pytest.fixture
    def clock(self):
        return SystemClock()
