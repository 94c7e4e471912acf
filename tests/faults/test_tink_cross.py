"""Google's Tink opens what the library seals, and the library opens what Tink seals, at every border of a frame."""

from __future__ import annotations

import hmac
import io
import random
import struct

import numpy as np
import pytest
import tink
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from tink import secret_key_access, streaming_aead
from tink.proto import aes_gcm_hkdf_streaming_pb2, common_pb2, tink_pb2

from konverze_indexes.datakeys import DataKey
from konverze_indexes.envelope import OUTER_HEADER_BYTES, BlobContext, open_sealed, seal

CONTEXT = BlobContext(tenant_id="acme", kind="hot", name="tenants/x/segments/1.hot")
FRAME_SIZES = (1000, 4096, 1 << 20, 4 << 20)

streaming_aead.register()


def _expanded(key, label):
    return HKDFExpand(SHA256(), 32, label).derive(key.secret)


def _tink(key, frame_bytes):
    proto = aes_gcm_hkdf_streaming_pb2.AesGcmHkdfStreamingKey(
        version=0, key_value=_expanded(key, b"konverze/v1/stream")
    )
    proto.params.ciphertext_segment_size = frame_bytes
    proto.params.derived_key_size = 32
    proto.params.hkdf_hash_type = common_pb2.SHA256
    keyset = tink_pb2.Keyset(primary_key_id=1)
    entry = keyset.key.add(key_id=1, status=tink_pb2.ENABLED, output_prefix_type=tink_pb2.RAW)
    entry.key_data.type_url = "type.googleapis.com/google.crypto.tink.AesGcmHkdfStreamingKey"
    entry.key_data.value = proto.SerializeToString()
    entry.key_data.key_material_type = tink_pb2.KeyData.SYMMETRIC
    handle = tink.proto_keyset_format.parse(keyset.SerializeToString(), secret_key_access.TOKEN)
    return handle.primitive(streaming_aead.StreamingAead)


class _Kept(io.BytesIO):
    def close(self):
        """Tink closes what it writes to; its bytes are still wanted."""


def _aad(key, frame_bytes):
    """By hand, from the format's documentation."""
    fields = ("acme", "hot", CONTEXT.name, key.id.hex(), "1", str(frame_bytes))
    return b"".join(struct.pack(">H", len(field)) + field.encode() for field in fields)


def _sizes(frame_bytes):
    """Nine sizes: none, one byte, both sides of the first two borders, and one at random."""
    first, full = frame_bytes - 56, frame_bytes - 16
    borders = [border + step for border in (first, first + full) for step in (-1, 0, 1)]
    return [0, 1, *borders, random.Random(frame_bytes).randrange(3 * frame_bytes)]


def _tink_opens(key, content, frame_bytes):
    ours = seal(key, CONTEXT, content, frame_bytes=frame_bytes)
    stream = io.BytesIO(ours[OUTER_HEADER_BYTES:])
    with _tink(key, frame_bytes).new_decrypting_stream(stream, _aad(key, frame_bytes)) as opened:
        return opened.read() == content


def _we_open(key, content, frame_bytes):
    target, aad = _Kept(), _aad(key, frame_bytes)
    with _tink(key, frame_bytes).new_encrypting_stream(target, aad) as stream:
        stream.write(content)
    theirs = target.getvalue()
    fixed = b"KVZ1\1" + struct.pack(">I", frame_bytes) + key.id
    commitment = hmac.digest(_expanded(key, b"konverze/v1/commit"), fixed + aad + theirs[:40], "sha256")
    blob = fixed + commitment + theirs
    return open_sealed({key.id: key}.__getitem__, CONTEXT, blob).tobytes() == content


@pytest.mark.parametrize("direction", [_tink_opens, _we_open])
@pytest.mark.parametrize("frame_bytes", FRAME_SIZES)
def test_what_one_seals_the_other_opens(frame_bytes, direction, figure):
    sizes = _sizes(frame_bytes)
    passed = sum(direction(DataKey.fresh(), np.random.default_rng(size).bytes(size), frame_bytes) for size in sizes)
    figure("Tink cross-opening at frame boundaries, both ways", passed=passed, of=9)
