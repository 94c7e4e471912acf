import gc
import os

import pytest


@pytest.fixture
def place(monkeypatch, tmp_path):
    """An empty working directory, and nothing of the machine's settings."""
    for name in list(os.environ):
        if name.startswith(("KONVERZE_", "OPENAI_", "AZURE_", "AWS_")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KONVERZE_EMBEDDINGS", "none")
    yield tmp_path
    gc.unfreeze()  # the guide to serving freezes what is there
