"""Properties of the sealed format, for any content and frame size."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from konverze_core.errors import IntegrityError
from konverze_indexes.datakeys import DataKey
from konverze_indexes.envelope import BlobContext, open_sealed, seal
from konverze_indexes.fields import canonical

KEY = DataKey(id=bytes(range(16)), secret=bytes(range(32)))
CONTEXT = BlobContext(tenant_id="acme", kind="hot", name="tenants/x/segments/1.hot")

contents = st.binary(max_size=3000)
frame_sizes = st.integers(256, 1024)


def _keys(key_id):
    return {KEY.id: KEY}[key_id]


@given(contents, frame_sizes)
def test_opens_to_what_was_sealed(content, frame_bytes):
    blob = seal(KEY, CONTEXT, content, frame_bytes=frame_bytes)
    assert open_sealed(_keys, CONTEXT, blob).tobytes() == content


@given(contents, frame_sizes, st.data())
def test_any_change_is_refused(content, frame_bytes, data):
    blob = bytes(seal(KEY, CONTEXT, content, frame_bytes=frame_bytes))
    start = data.draw(st.integers(0, len(blob)))
    end = data.draw(st.integers(start, len(blob)))
    changed = blob[:start] + data.draw(st.binary(max_size=40)) + blob[end:]
    if changed != blob:
        with pytest.raises(IntegrityError):
            open_sealed(_keys, CONTEXT, changed)


@given(st.lists(st.text(max_size=5), max_size=4), st.lists(st.text(max_size=5), max_size=4))
def test_different_fields_have_different_canonical_bytes(fields, others):
    assert (canonical(*fields) == canonical(*others)) == (fields == others)


@given(st.binary(max_size=400))
def test_garbage_is_refused(garbage):
    with pytest.raises(IntegrityError):
        open_sealed(_keys, CONTEXT, b"KVZ1\x01\x00\x00\x01\x00" + KEY.id + garbage)
