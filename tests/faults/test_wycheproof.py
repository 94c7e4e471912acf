"""The primitives under the sealed format agree with Wycheproof's vectors, which are built to catch known mistakes."""

from __future__ import annotations

import hmac
import json
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from konverze_indexes.datakeys import SECRET_BYTES, subkey

VECTORS = Path(__file__).parent / "vectors"


def _gcm_agrees(vector):
    """As `frames` calls it: into buffers that the caller owns."""
    gcm, nonce, aad = AESGCM(vector["key"]), vector["iv"], vector["aad"] or None
    sealed, opened = vector["ct"] + vector["tag"], bytearray(len(vector["msg"]))
    if vector["result"] == "invalid":
        return _refuses(InvalidTag, lambda: gcm.decrypt_into(nonce, sealed, aad, opened))
    made = bytearray(len(sealed))
    gcm.encrypt_into(nonce, vector["msg"], aad, made)
    gcm.decrypt_into(nonce, sealed, aad, opened)
    return (made, opened) == (sealed, vector["msg"])


def _hkdf_agrees(vector):
    """As `frames` derives a blob's key, and `subkey`, which starts from a key that is already uniform."""
    size, salt, info = vector["size"], vector["salt"], vector["info"]
    if vector["result"] == "invalid":
        return _refuses(ValueError, lambda: HKDF(SHA256(), size, salt, info))
    extracted = hmac.digest(salt or bytes(SECRET_BYTES), vector["ikm"], "sha256")
    expanded = subkey(extracted, "", info)[:size]
    derived = HKDF(SHA256(), size, salt, info).derive(vector["ikm"])
    return derived == vector["okm"] and vector["okm"].startswith(expanded)


def _wrap_agrees(vector):
    """As `keyfile` wraps; keys of 8 bytes, which the vectors leave to the implementation, are refused."""
    key, payload, wrapped = vector["key"], vector["msg"], vector["ct"]
    if vector["result"] == "valid":
        return aes_key_wrap(key, payload) == wrapped and aes_key_unwrap(key, wrapped) == payload
    refused = _refuses(InvalidUnwrap, lambda: aes_key_unwrap(key, wrapped))
    return refused and (vector["result"] == "invalid" or _refuses(ValueError, lambda: aes_key_wrap(key, payload)))


def _refuses(error, call):
    with pytest.raises(error):
        call()
    return True


def _vectors(name):
    content = json.loads((VECTORS / name).read_text("utf-8"))
    for row in content["rows"]:
        vector = dict(zip(content["columns"], row, strict=True))
        plain = {"tcId", "size", "result"}
        yield {column: value if column in plain else bytes.fromhex(value) for column, value in vector.items()}


@pytest.mark.parametrize(
    ("name", "agrees", "count"),
    [
        ("aes_gcm_256_96.json", _gcm_agrees, 66),
        ("hkdf_sha256.json", _hkdf_agrees, 86),
        ("aes_wrap.json", _wrap_agrees, 165),
    ],
)
def test_the_primitives_agree_with_every_vector(name, agrees, count, figure):
    passed = sum(agrees(vector) for vector in _vectors(name))
    figure("Wycheproof AES-GCM-256/96, HKDF-SHA256, AES-KW", passed=passed, of=count)
