"""Sealed blobs: the bytes by hand, Tink as an oracle, and a list of attacks."""

from __future__ import annotations

import hashlib
import hmac
import io
import itertools
import os
import pickle
import struct
import warnings

import numpy as np
import pytest
import tink
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand
from tink import secret_key_access, streaming_aead
from tink.proto import aes_gcm_hkdf_streaming_pb2, common_pb2, tink_pb2

from konverze_core.errors import ConfigError, IntegrityError
from konverze_indexes import envelope, frames
from konverze_indexes.datakeys import DataKey
from konverze_indexes.envelope import BlobContext, header_digest, open_sealed, seal, sealed_bytes, sealing_key_id

KEY = DataKey(id=bytes(range(16)), secret=bytes(range(32)))
CONTEXT = BlobContext(tenant_id="acme", kind="hot", name="tenants/x/segments/1.hot")
AAD = b"".join(
    len(field).to_bytes(2, "big") + field
    for field in (b"acme", b"hot", b"tenants/x/segments/1.hot", KEY.id.hex().encode(), b"1", b"256")
)
CONTENT = bytes(range(250)) * 3  # four frames of 256 bytes
STREAM = 57

streaming_aead.register()


def _keys(key_id):
    return {KEY.id: KEY}[key_id]


def _seal(content=CONTENT, *, key=KEY, context=CONTEXT, frame_bytes=256):
    return bytes(seal(key, context, content, frame_bytes=frame_bytes))


def _assert_refused(blob, *, keys=_keys, context=CONTEXT):
    with pytest.raises(IntegrityError):
        open_sealed(keys, context, blob)


def _expanded(label):
    return HKDFExpand(SHA256(), 32, label).derive(KEY.secret)


def test_the_bytes_are_as_documented():
    blob = _seal()
    magic, version, frame_bytes, key_id, commitment = struct.unpack(">4sBI16s32s", blob[:57])
    assert (magic, version, frame_bytes, key_id) == (b"KVZ1", 1, 256, KEY.id)
    expected = hmac.new(_expanded(b"konverze/v1/commit"), blob[:25] + AAD + blob[57:97], hashlib.sha256)
    assert commitment == expected.digest()
    header_bytes, salt, prefix = blob[57], blob[58:90], blob[90:97]
    assert header_bytes == 40
    gcm = AESGCM(HKDF(SHA256(), 32, salt, AAD).derive(_expanded(b"konverze/v1/stream")))
    places = [(97, 313), (313, 569), (569, 825), (825, len(blob))]
    opened = [
        gcm.decrypt(prefix + struct.pack(">IB", index, index == 3), blob[start:end], None)
        for index, (start, end) in enumerate(places)
    ]
    assert b"".join(opened) == CONTENT
    assert header_digest(blob) == hashlib.sha256(blob[:97]).digest()


def _tink(frame_bytes):
    key = aes_gcm_hkdf_streaming_pb2.AesGcmHkdfStreamingKey(version=0, key_value=_expanded(b"konverze/v1/stream"))
    key.params.ciphertext_segment_size = frame_bytes
    key.params.derived_key_size = 32
    key.params.hkdf_hash_type = common_pb2.SHA256
    keyset = tink_pb2.Keyset(primary_key_id=1)
    entry = keyset.key.add(key_id=1, status=tink_pb2.ENABLED, output_prefix_type=tink_pb2.RAW)
    entry.key_data.type_url = "type.googleapis.com/google.crypto.tink.AesGcmHkdfStreamingKey"
    entry.key_data.value = key.SerializeToString()
    entry.key_data.key_material_type = tink_pb2.KeyData.SYMMETRIC
    handle = tink.proto_keyset_format.parse(keyset.SerializeToString(), secret_key_access.TOKEN)
    return handle.primitive(streaming_aead.StreamingAead)


class _Kept(io.BytesIO):
    def close(self):
        """Tink closes what it writes to; its bytes are still wanted."""


def _boundary_sizes(frame_bytes):
    first, full = frame_bytes - 56, frame_bytes - 16
    return [0, 1, first - 1, first, first + 1, first + full - 1, first + full, first + full + 1, first + 3 * full + 9]


@pytest.mark.parametrize("frame_bytes", [4096, 1 << 20])
def test_tink_opens_ours_and_we_open_tinks(frame_bytes):
    primitive = _tink(frame_bytes)
    aad = AAD[:-5] + struct.pack(">H", len(str(frame_bytes))) + str(frame_bytes).encode()
    for size in _boundary_sizes(frame_bytes):
        content = np.random.default_rng(size).bytes(size)
        ours = _seal(content, frame_bytes=frame_bytes)
        with primitive.new_decrypting_stream(io.BytesIO(ours[STREAM:]), aad) as stream:
            assert stream.read() == content
        target = _Kept()
        with primitive.new_encrypting_stream(target, aad) as stream:
            stream.write(content)
        theirs = target.getvalue()
        commitment = hmac.digest(_expanded(b"konverze/v1/commit"), ours[:25] + aad + theirs[:40], "sha256")
        blob = ours[:25] + commitment + theirs
        assert open_sealed(_keys, CONTEXT, blob).tobytes() == content


@pytest.mark.parametrize("size", [0, 1, 200, 201, len(CONTENT)])
def test_one_buffer_serves_for_many_blobs(size, two_threads):
    blob, plaintext = np.full(sealed_bytes(size, frame_bytes=256), 7, np.uint8), np.full(size, 7, np.uint8)
    for content in (CONTENT[:size], bytes(size)):
        sealed = seal(KEY, CONTEXT, content, frame_bytes=256, out=blob)
        assert sealed.obj is blob
        assert open_sealed(_keys, CONTEXT, blob, out=plaintext) is plaintext
        assert plaintext.tobytes() == content


@pytest.mark.parametrize("place", [97, 500, -1])
def test_a_refused_blob_leaves_no_plaintext_in_a_buffer_of_the_callers(place, two_threads):
    blob, plaintext = bytearray(_seal()), np.ones(len(CONTENT), np.uint8)
    blob[place] ^= 1
    with pytest.raises(IntegrityError):
        open_sealed(_keys, CONTEXT, blob, out=plaintext)
    assert not plaintext.any()


def test_a_buffer_of_another_length_or_kind_is_a_mistake_of_the_caller():
    blob, size = _seal(), len(CONTENT)
    for out in (np.empty(size - 1, np.uint8), np.empty(2 * size, np.uint8)[::2], np.empty(size, np.int8)):
        with pytest.raises(ConfigError):
            open_sealed(_keys, CONTEXT, blob, out=out)
    for length in (len(blob) - 1, len(blob) + 1):
        with pytest.raises(ConfigError):
            seal(KEY, CONTEXT, CONTENT, frame_bytes=256, out=np.empty(length, np.uint8))


@pytest.mark.parametrize("size", [0, 1, 1000, 3 << 20])
def test_any_contiguous_buffer_is_sealed(size, two_threads):
    array = np.random.default_rng(size).integers(0, 256, size, dtype=np.uint8)
    for content in (array, array.tobytes(), bytearray(array), memoryview(array.tobytes())):
        opened = open_sealed(_keys, CONTEXT, seal(KEY, CONTEXT, content))
        assert opened.dtype == np.uint8
        assert np.array_equal(opened, array)
    floats = array[: size // 8 * 8].view(np.float32).reshape(-1, 2)
    assert np.array_equal(open_sealed(_keys, CONTEXT, seal(KEY, CONTEXT, floats)), floats.view(np.uint8).ravel())


def test_two_seals_share_no_salt_and_no_nonce_even_after_a_fork():
    assert len({_seal()[58:97] for _ in range(200)}) == 200
    with os.fdopen(_forked_header(), "rb") as child:
        assert child.read() != _seal()[58:97]


def _forked_header():
    read, write = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forking beside threads; the child does next to nothing
        pid = os.fork()
    if not pid:  # pragma: no cover
        os.write(write, frames.fresh_stream_header()[1:])
        os._exit(0)
    os.close(write)
    os.waitpid(pid, 0)
    return read


def test_every_flipped_bit_is_refused():
    blob = _seal()
    for place, bit in itertools.product(range(len(blob)), range(8)):
        _assert_refused(blob[:place] + bytes([blob[place] ^ 1 << bit]) + blob[place + 1 :])


def test_every_truncation_and_extension_is_refused():
    blob = _seal()
    for length in range(len(blob)):
        _assert_refused(blob[:length])
    for extra in range(1, 300):
        _assert_refused(blob + bytes(extra))


def test_moved_frames_are_refused():
    blob, other = _seal(), _seal()
    start = [97, 313, 569, 825]
    ours = [blob[a:b] for a, b in itertools.pairwise([*start, None])]
    theirs = [other[a:b] for a, b in itertools.pairwise([*start, None])]
    orders = [list(order) for order in itertools.permutations(ours) if list(order) != ours]
    dropped = [ours[:index] + ours[index + 1 :] for index in range(4)]
    doubled = [ours[: index + 1] + ours[index:] for index in range(4)]
    spliced = [[*ours[:index], theirs[index], *ours[index + 1 :]] for index in range(4)]
    for frames_ in (*orders, *dropped, *doubled, *spliced):
        _assert_refused(blob[:97] + b"".join(frames_))
    for cut in (57, 97):
        _assert_refused(other[:cut] + blob[cut:])


@pytest.mark.parametrize(
    "context",
    [
        BlobContext(tenant_id="evil", kind="hot", name="tenants/x/segments/1.hot"),
        BlobContext(tenant_id="acme", kind="text", name="tenants/x/segments/1.hot"),
        BlobContext(tenant_id="acme", kind="hot", name="tenants/x/segments/2.hot"),
        BlobContext(tenant_id="acmehot", kind="", name="tenants/x/segments/1.hot"),
        BlobContext(tenant_id="", kind="", name=""),
    ],
)
def test_another_place_is_refused(context):
    _assert_refused(_seal(), context=context)


def test_another_key_is_refused():
    blob = _seal()
    same_id = DataKey(id=KEY.id, secret=bytes(32))
    other_id = DataKey(id=bytes(16), secret=KEY.secret)
    _assert_refused(blob, keys=lambda _: same_id)
    _assert_refused(_seal(key=other_id))
    _assert_refused(blob[:9] + other_id.id + blob[25:], keys=lambda _: KEY)


@pytest.mark.parametrize("frame_bytes", [0, 255, (16 << 20) + 1, 0xFFFFFFFF])
def test_silly_frame_sizes_are_refused(frame_bytes):
    blob = _seal()
    _assert_refused(blob[:5] + struct.pack(">I", frame_bytes) + blob[9:])
    with pytest.raises(ConfigError):
        seal(KEY, CONTEXT, b"", frame_bytes=frame_bytes)


def test_headers_are_checked_without_a_key():
    whole = _seal()
    assert sealing_key_id(whole[:313]) == KEY.id
    impossible = [whole[:length] for length in (0, 96, 97, 112, 314, 329)]
    for blob in (*impossible, b"KVZ2" + whole[4:], b"KVZ1\2" + whole[5:]):
        with pytest.raises(IntegrityError):
            sealing_key_id(blob)


def test_a_buffer_with_gaps_is_a_mistake_of_the_caller():
    with pytest.raises(ConfigError):
        seal(KEY, CONTEXT, np.zeros(10, np.uint8)[::2])


@pytest.fixture(params=[False, True])
def two_threads(request, monkeypatch):
    """Makes even small blobs take the way of large ones."""
    if request.param:
        monkeypatch.setattr(frames, "PARALLEL_BYTES", 0)
        monkeypatch.setattr(frames, "PARALLEL_FRAME_BYTES", 0)


@pytest.mark.parametrize("place", [97, 500, -1])
def test_a_refused_blob_leaves_no_plaintext_behind(place, two_threads, monkeypatch):
    blob = bytearray(_seal())
    blob[place] ^= 1
    buffers = []

    def recorded(*args):
        buffers.append(np.ones(*args))
        return buffers[-1]

    monkeypatch.setattr(envelope.np, "empty", recorded)
    _assert_refused(blob)
    assert len(buffers) == 1
    assert not buffers[0].any()


def test_the_message_names_kind_and_blob_only():
    blob = bytearray(_seal())
    blob[-1] ^= 1
    with pytest.raises(IntegrityError) as caught:
        open_sealed(_keys, CONTEXT, blob)
    assert str(caught.value) == "hot blob tenants/x/segments/1.hot is not what was sealed there"


# A salamander: GHASH is linear, so one ciphertext block can be chosen that makes a tag fit under two keys.


def _times(x, y):
    product = 0
    for bit in range(127, -1, -1):
        product ^= x if y >> bit & 1 else 0
        x = x >> 1 ^ (0xE1 << 120 if x & 1 else 0)
    return product


def _inverse(x):
    power, exponent = 1 << 127, (1 << 128) - 2
    while exponent:
        power = _times(power, x) if exponent & 1 else power
        x, exponent = _times(x, x), exponent >> 1
    return power


def _block(key, block):
    return int.from_bytes(Cipher(algorithms.AES(key), modes.ECB()).encryptor().update(block), "big")


def _ghash(subkey_, blocks):
    state = 0
    for block in [*blocks, len(blocks) * 128]:
        state = _times(state ^ block, subkey_)
    return state


def _two_key_frame(first, second, nonce):
    keys = [_block(key, bytes(16)) for key in (first, second)]
    masks = [_block(key, nonce + b"\0\0\0\1") for key in (first, second)]
    blocks = [7, 8, 9, 0]
    difference = _ghash(keys[0], blocks) ^ _ghash(keys[1], blocks) ^ masks[0] ^ masks[1]
    blocks[-1] = _times(difference, _inverse(_times(keys[0], keys[0]) ^ _times(keys[1], keys[1])))
    tag = _ghash(keys[0], blocks) ^ masks[0]
    return b"".join(block.to_bytes(16, "big") for block in [*blocks, tag])


def test_a_blob_that_opens_under_two_keys_is_refused_by_its_commitment():
    second = DataKey(id=KEY.id, secret=bytes(32))
    blob = _seal(bytes(64))
    salt, nonce = blob[58:90], blob[90:97] + b"\0\0\0\0\1"
    derived = [
        HKDF(SHA256(), 32, salt, AAD).derive(HKDFExpand(SHA256(), 32, b"konverze/v1/stream").derive(key.secret))
        for key in (KEY, second)
    ]
    salamander = blob[:97] + _two_key_frame(*derived, nonce)
    for key in derived:
        assert len(AESGCM(key).decrypt(nonce, salamander[97:], None)) == 64
    assert len(open_sealed(_keys, CONTEXT, salamander)) == 64
    _assert_refused(salamander, keys=lambda _: second)


def test_a_data_key_does_not_show_its_secret():
    key = DataKey.fresh()
    for text in (repr(key), str(key), f"{key}", repr([key]), repr({"key": key})):
        assert key.secret.hex() not in text
        assert repr(key.secret)[2:-1] not in text
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError, match="not pickled"):
            pickle.dumps(key, protocol)


@pytest.mark.parametrize(("id_bytes", "secret_bytes"), [(15, 32), (16, 31), (16, 64), (0, 0)])
def test_a_data_key_of_another_length_is_refused(id_bytes, secret_bytes):
    with pytest.raises(ConfigError):
        DataKey(id=bytes(id_bytes), secret=bytes(secret_bytes))
