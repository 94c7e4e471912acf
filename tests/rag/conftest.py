import pytest

import konverze_rag as kr
from konverze_core.fakes import HashingEmbedder, ManualClock, MemoryBlobStore, MemoryKeyProvider
from tests.settings import OFFLINE


@pytest.fixture
def blobs():
    return MemoryBlobStore()


@pytest.fixture
def keys():
    return MemoryKeyProvider()


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def make_engine(blobs, keys, clock):
    """Makes engines over the same store, keys and clock; arguments replace the defaults."""

    def make(**changes):
        parts = {"settings": OFFLINE, "blobs": blobs, "keys": keys, "embedder": HashingEmbedder(), "clock": clock}
        return kr.Engine(**parts | changes)

    return make


@pytest.fixture
def acme(make_engine):
    return make_engine().tenant("acme")
