"""The example in the page about sealed blobs is one."""

from __future__ import annotations

import hashlib
import hmac
import re
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand

from konverze_indexes.datakeys import DataKey
from konverze_indexes.envelope import BlobContext, open_range, open_sealed

PAGE = (Path(__file__).parents[2] / "docs" / "formats" / "sealed-blob.md").read_text("utf-8")


@pytest.fixture
def inputs():
    """Values of the example's table, by field."""
    return dict(re.findall(r"^\| ([\w ]+) \| `([^`]+)` \|$", PAGE.partition("## Example")[2], re.MULTILINE))


@pytest.fixture
def parts():
    """Bytes of the example's blob, by field, in order."""
    (block,) = re.findall(r"```\n(.+?)\n```", PAGE.partition("## Example")[2], re.DOTALL)
    return {line[:22].strip(): bytes.fromhex(line[22:]) for line in block.splitlines()}


def test_the_example_opens(inputs, parts):
    key = DataKey(id=bytes.fromhex(inputs["DEK id"]), secret=bytes.fromhex(inputs["DEK"]))
    context = BlobContext(tenant_id=inputs["tenant id"], kind=inputs["kind"], name=inputs["blob name"])
    blob = b"".join(parts.values())
    assert open_sealed({key.id: key}.__getitem__, context, blob).tobytes().decode() == inputs["plaintext"]
    assert open_range({key.id: key}.__getitem__, context, blob, start=8, length=4) == b"take"


def test_the_example_follows_from_the_tables(inputs, parts):
    secret = bytes.fromhex(inputs["DEK"])
    texts = (inputs["tenant id"], inputs["kind"], inputs["blob name"], inputs["DEK id"], "1", "16384")
    aad = b"".join(len(text).to_bytes(2, "big") + text.encode() for text in texts)
    *fixed, commitment, length, salt, prefix, ciphertext, tag = parts.values()
    assert [part.hex() for part in (*fixed, length)] == ["4b565a31", "01", "00004000", inputs["DEK id"], "28"]
    commit_key = HKDFExpand(SHA256(), 32, b"konverze/v1/commit").derive(secret)
    message = b"".join(fixed) + aad + length + salt + prefix
    assert hmac.new(commit_key, message, hashlib.sha256).digest() == commitment
    stream_key = HKDFExpand(SHA256(), 32, b"konverze/v1/stream").derive(secret)
    gcm = AESGCM(HKDF(SHA256(), 32, salt, aad).derive(stream_key))
    assert gcm.decrypt(prefix + b"\0\0\0\0\1", ciphertext + tag, None).decode() == inputs["plaintext"]
