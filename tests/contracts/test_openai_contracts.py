"""The OpenAI providers hold the contracts, against a server on a real socket."""

from __future__ import annotations

import pytest

from konverze_core.contracts import ChatModelContract, EmbedderContract
from konverze_core.protocols import Message, Prompt
from konverze_rag.providers.openai_chat import OpenAIChat
from konverze_rag.providers.openai_embeddings import OpenAIEmbedder
from tests.servers.openai_server import OpenAIServer


@pytest.fixture
def server():
    with OpenAIServer() as running:
        yield running


class TestOpenAIEmbedder(EmbedderContract):
    @pytest.fixture
    def embedder(self, server):
        return OpenAIEmbedder(api_key="k", base_url=server.url)


class TestOpenAIChat(ChatModelContract):
    @pytest.fixture(params=["responses", "chat"])
    def chat_model(self, server, request):
        return OpenAIChat(
            api_key="k", base_url=server.url, model="gpt-test", context_window_tokens=8000, api=request.param
        )

    @pytest.fixture
    def prompt(self):
        return Prompt(system="Answer.", messages=(Message(role="user", text="How long?"),))
