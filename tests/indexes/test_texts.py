import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from konverze_core.errors import IntegrityError
from konverze_indexes.datakeys import DataKey
from konverze_indexes.envelope import BlobContext, SealedReader, seal
from konverze_indexes.texts import Texts, pack_texts, read_from

KEY = DataKey.fresh()
CONTEXT = BlobContext(tenant_id="acme", kind="text", name="tenants/acme/segments/1.text")
TEXTS = ["Refunds take 30 days.", "", "मूल्य " * 900, "x" * 5_000]


def _sealed_texts(sealed, starts):
    return Texts(starts, SealedReader({KEY.id: KEY}.__getitem__, CONTEXT, sealed).read)


@given(st.lists(st.text(max_size=200), max_size=20))
def test_texts_come_back_in_any_order(texts):
    starts, packed = pack_texts(texts)
    opened = Texts(starts, read_from(packed))
    for row in [*reversed(range(len(texts))), *range(len(texts))]:
        assert opened[row] == texts[row]


@pytest.mark.parametrize("frame_bytes", [256, 2_048, 1 << 20])
def test_texts_are_read_across_the_borders_of_sealed_frames(frame_bytes):
    starts, packed = pack_texts(TEXTS * 10)
    opened = _sealed_texts(seal(KEY, CONTEXT, packed, frame_bytes=frame_bytes), starts)
    assert [opened[row] for row in range(40)] == TEXTS * 10


def test_a_damaged_frame_is_noticed_by_whoever_needs_it_and_by_nobody_else():
    random = np.random.default_rng(0)
    texts = [random.bytes(2_000).hex() for _ in range(20)]
    starts, packed = pack_texts(texts)
    sealed = bytearray(seal(KEY, CONTEXT, packed, frame_bytes=2_048))
    sealed[-10] ^= 1
    opened = _sealed_texts(memoryview(sealed), starts)
    assert opened[0] == texts[0]
    for _ in range(2):
        with pytest.raises(IntegrityError):
            opened[19]


@pytest.mark.parametrize("packed", [b"no frame of Zstandard", b"", pack_texts(["x"])[1].tobytes()[:-1]])
def test_a_malformed_text_is_damage(packed):
    opened = Texts(np.array([0, len(packed)]), read_from(np.frombuffer(packed, np.uint8)))
    with pytest.raises(IntegrityError, match="malformed"):
        opened[0]


def test_threads_may_share_texts():
    texts = [f"text {number} " * 50 for number in range(200)]
    starts, packed = pack_texts(texts)
    opened = _sealed_texts(seal(KEY, CONTEXT, packed, frame_bytes=2_048), starts)
    wrong = []

    def read():
        wrong.extend(row for row in range(200) for _ in range(3) if opened[row] != texts[row])

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
