"""The examples in the pages about formats: each is computed by hand, and all together open as the store they are."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import math
import re
import struct
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import faiss
import numpy as np
import pytest
import zstandard
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand
from cryptography.hazmat.primitives.keywrap import aes_key_unwrap

import konverze_rag as kr
from konverze_core.fakes import ManualClock, MemoryBlobStore
from konverze_core.names import checked_blob_name
from konverze_indexes.catalogue import DocumentChunks, IndexedDocument
from konverze_indexes.container import pack_arrays, unpack_arrays
from konverze_indexes.datakeys import DataKey
from konverze_indexes.dense import DenseIndex
from konverze_indexes.dense_building import build_dense
from konverze_indexes.dense_figures import DenseFigures
from konverze_indexes.envelope import BlobContext, open_sealed
from konverze_indexes.keyfile import LocalKeyFile
from konverze_indexes.marks import FileMarks
from konverze_indexes.postings import Postings
from konverze_indexes.segment_building import SegmentContent, build_segment
from konverze_indexes.stemming import Analysis
from tests.settings import OFFLINE

FORMATS = Path(__file__).parents[2] / "docs" / "formats"
FRAME_BYTES = 1 << 20
TEXT_FRAME_BYTES = 2 << 10


class Page:
    """The example of a page."""

    def __init__(self, name: str) -> None:
        self.text = (FORMATS / f"{name}.md").read_text("utf-8").partition("## Example")[2]
        self.blocks = re.findall(r"```\w*\n(.+?)\n```", self.text, re.DOTALL)
        self.fields = dict(re.findall(r"^\| ([^|`]+?) \| `([^`]+)` \|$", self.text, re.MULTILINE))
        row = r"^\| `([^`]+)` \| `([\w-]+)` \| (DEK|day key|feedback key) \| (\d+) \| `([0-9a-f]{64})` \|$"
        self.blobs = re.findall(row, self.text, re.MULTILINE)


SEALED, KEYRING, SEGMENT = Page("sealed-blob"), Page("keyring"), Page("segment")
COMMIT, CONVERSATION, SETTINGS = Page("commit"), Page("conversation"), Page("settings")

PARTS = {line[:22].strip(): bytes.fromhex(line[22:]) for line in SEALED.blocks[0].splitlines()}
DIRECTORY = KEYRING.fields["directory"]
SEGMENT_TEXTS = re.search(r"each: `(.+?)`, .+? `(.+?)`", SEGMENT.text).groups()
PREFIX = f"tenants/{DIRECTORY}/"
KEYS = {
    "DEK": (bytes.fromhex(SEALED.fields["DEK id"]), bytes.fromhex(SEALED.fields["DEK"])),
    **{
        name: (bytes.fromhex(CONVERSATION.fields[f"{name}'s id"]), bytes.fromhex(CONVERSATION.fields[name]))
        for name in ("day key", "feedback key")
    },
}
TEXTS = bytes.fromhex(SEALED.fields["plaintext, in hexadecimal"])
ARRAYS = {name: value.strip() for name, _, value in (row.partition(" ") for row in SEGMENT.blocks[2].splitlines())}
BLOCK = {name: value.strip() for name, _, value in (row.partition(" ") for row in SEGMENT.blocks[3].splitlines())}
DENSE_SECTION = (FORMATS / "segment.md").read_text("utf-8").partition("## Dense index")[2].partition("\n## ")[0]
DENSE = [bytes.fromhex(line.rpartition(" ")[2]) for line in SEGMENT.blocks[4].splitlines()]
SECRET = bytes.fromhex(KEYRING.fields["secret of the key file"])
NAME_KEY = bytes.fromhex(KEYRING.fields["name key"])


def canonical(*fields: str) -> bytes:
    return b"".join(struct.pack(">H", len(field.encode())) + field.encode() for field in fields)


def expand(key: bytes, info: bytes) -> bytes:
    return HKDFExpand(SHA256(), 32, info).derive(key)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def by_hand(plaintext: bytes, *, name: str, kind: str, key: str, frame_bytes: int = FRAME_BYTES) -> bytes:
    """The sealed blob of a plaintext of one frame, as the tables of its page say."""
    key_id, secret = KEYS[key]
    fixed = struct.pack(">4sBI", b"KVZ1", 1, frame_bytes) + key_id
    aad = canonical(SEALED.fields["tenant id"], kind, PREFIX + name, key_id.hex(), "1", str(frame_bytes))
    stream_header = PARTS["stream header length"] + PARTS["salt"] + PARTS["nonce prefix"]
    commitment = hmac.digest(expand(secret, b"konverze/v1/commit"), fixed + aad + stream_header, "sha256")
    blob_key = HKDF(SHA256(), 32, PARTS["salt"], aad).derive(expand(secret, b"konverze/v1/stream"))
    frame = AESGCM(blob_key).encrypt(PARTS["nonce prefix"] + b"\0\0\0\0\1", plaintext, None)
    return fixed + commitment + stream_header + frame


def packed(numbers: Iterable[int]) -> bytes:
    """Whole numbers in the narrowest of the container's types."""
    numbers = list(numbers)
    width = next(width for width in (1, 2, 4, 8) if max(numbers, default=0) < 1 << 8 * width)
    return b"".join(number.to_bytes(width, "little") for number in numbers)


def container() -> bytes:
    """The hot blob's plaintext, put together from the page."""
    length, header = SEGMENT.blocks[:2]
    head = header.encode().ljust(struct.unpack("<Q", bytes.fromhex(length))[0])
    packed = bytearray(bytes.fromhex(length) + head)
    start = len(packed)
    layout = json.loads(header)
    for name, value in ARRAYS.items():
        raw = value.encode() if name.endswith(".utf8") else bytes.fromhex(value)
        packed += bytes(start + layout[name]["offset"] - len(packed)) + raw
    return bytes(packed) + bytes(-len(packed) % 64)


def plaintexts(page: Page) -> list[bytes]:
    """Plaintexts of the blobs in a page's table, in order."""
    if page is SEGMENT:
        return [container(), re.search(r"whose plaintext is `(.+)`", page.text)[1].encode()]
    lines = [block.encode() for block in page.blocks]
    return [*lines, b"".join(KEYS["day key"]), b""] if page is CONVERSATION else lines


def sealed_blobs(page: Page) -> list[tuple[str, bytes]]:
    """Names and sealed bytes of the blobs in a page's table."""
    rows = zip(page.blobs, plaintexts(page), strict=True)
    return [(name, by_hand(plain, name=name, kind=kind, key=key)) for (name, kind, key, *_), plain in rows]


def segment_of_the_library():
    """Hot and text buffer of the example's documents, as the library lays them out."""
    bounds = struct.unpack("<3H", bytes.fromhex(ARRAYS["documents.starts"]))
    rows = [ARRAYS["documents.utf8"][start:stop] for start, stop in pairwise(bounds)]
    refunds, gifts = (IndexedDocument.from_json(row) for row in rows)
    text = SEGMENT_TEXTS[0]
    chunks = (
        kr.Chunk(document_id=refunds.id, ordinal=0, text=text, span=kr.Span(0, len(text)), metadata=refunds.metadata),
        kr.Chunk(document_id=gifts.id, ordinal=0, text=SEGMENT_TEXTS[1]),
    )
    documents = [
        DocumentChunks(document=document, chunks=(chunk,))
        for document, chunk in zip((refunds, gifts), chunks, strict=True)
    ]
    return build_segment(SegmentContent.of(documents, None, analysis=Analysis()))


PAGES = pytest.mark.parametrize("page", [SEGMENT, COMMIT, CONVERSATION, SETTINGS], ids=lambda page: page.blobs[0][1])


# Sealed blobs


def test_the_sealed_blob_opens():
    key = DataKey(id=KEYS["DEK"][0], secret=KEYS["DEK"][1])
    name, kind = SEALED.fields["blob name"], SEALED.fields["kind"]
    context = BlobContext(tenant_id=SEALED.fields["tenant id"], kind=kind, name=name)
    blob = b"".join(PARTS.values())
    assert open_sealed({key.id: key}.__getitem__, context, blob).tobytes() == TEXTS


def test_the_sealed_blob_follows_from_the_tables():
    name = SEALED.fields["blob name"].removeprefix(PREFIX)
    blob = by_hand(TEXTS, name=name, kind=SEALED.fields["kind"], key="DEK", frame_bytes=TEXT_FRAME_BYTES)
    assert blob == b"".join(PARTS.values())
    assert [len(part) for part in PARTS.values()] == [4, 1, 4, 16, 32, 1, 32, 7, len(TEXTS), 16]


@PAGES
def test_each_blob_is_sealed_to_the_stated_length_and_digest(page):
    for (name, _, _, length, digest), (_, blob) in zip(page.blobs, sealed_blobs(page), strict=True):
        checked_blob_name(PREFIX + name)
        assert (len(blob), sha256(blob)) == (int(length), digest)


# Keys


def test_the_directory_is_a_hash_of_the_id():
    digest = hashlib.sha256(SEALED.fields["tenant id"].encode()).digest()
    assert base64.b32encode(digest).decode().lower()[:26] == DIRECTORY


def test_the_key_file_is_as_the_page_says():
    body, digest = KEYRING.blocks[0].splitlines()
    assert json.loads(digest) == {"sha256": sha256(body.encode())}
    (entry,) = json.loads(body)["keys"]
    mac_subkey = expand(SECRET, b"konverze/v1/mac")
    assert mac_subkey.hex() == KEYRING.fields["mac subkey"]
    assert entry["id"] == hashlib.sha256(mac_subkey).digest()[:16].hex()
    assert base64.b64decode(entry["secret"]) == SECRET


def test_the_keyrings_signature_is_the_key_files():
    body, last = KEYRING.blocks[1].splitlines()
    mac_subkey = expand(SECRET, b"konverze/v1/mac")
    key_id = hashlib.sha256(mac_subkey).digest()[:16]
    assert json.loads(last) == {"signature": (key_id + hmac.digest(mac_subkey, body.encode(), "sha256")).hex()}
    assert body == json.dumps(json.loads(body), sort_keys=True, separators=(",", ":"))


def test_the_data_key_unwraps_by_hand():
    (entry,) = json.loads(KEYRING.blocks[1].splitlines()[0])["deks"]
    wrap_subkey = expand(SECRET, b"konverze/v1/wrap" + canonical("key", entry["id"], "tenant", DIRECTORY))
    assert wrap_subkey.hex() == KEYRING.fields["wrap subkey"]
    payload = aes_key_unwrap(wrap_subkey, base64.b64decode(entry["ciphertext"]))
    assert payload.hex() == KEYRING.fields["payload that is wrapped"]
    binding = hashlib.sha256(canonical("konverze/v1/dek", DIRECTORY, entry["id"])).digest()
    assert (bytes.fromhex(entry["id"]), payload) == (KEYS["DEK"][0], KEYS["DEK"][1] + binding)


def test_name_key_and_tenant_id_open_by_hand():
    body = json.loads(KEYRING.blocks[1].splitlines()[0])
    for field, key, label, plaintext in (
        ("name_key_sealed", KEYS["DEK"][1], b"konverze/v1/name-key", NAME_KEY),
        ("tenant_id_sealed", NAME_KEY, b"konverze/v1/tenant-id", SEALED.fields["tenant id"].encode()),
    ):
        sealed = bytes.fromhex(body[field])
        assert AESGCM(expand(key, label)).decrypt(sealed[:12], sealed[12:], DIRECTORY.encode()) == plaintext


def test_the_mark_checks_itself(tmp_path):
    content = KEYRING.blocks[2]
    mark = json.loads(content)
    message = canonical("konverze/v1/mark", DIRECTORY, str(mark["keyring"]), str(mark["commit"]))
    assert mark["check"] == hashlib.sha256(message).digest()[:16].hex()
    (tmp_path / DIRECTORY).write_text(content)
    marks = FileMarks(tmp_path)
    assert (marks.newest(DIRECTORY, "keyring"), marks.newest(DIRECTORY, "commit")) == (mark["keyring"], mark["commit"])
    marks.raise_to(DIRECTORY, "commit", mark["commit"] + 1)
    marks.reset(DIRECTORY)
    marks.raise_to(DIRECTORY, "keyring", mark["keyring"])
    marks.raise_to(DIRECTORY, "commit", mark["commit"])
    assert (tmp_path / DIRECTORY).read_text() == content


# What refers to what


def test_the_segments_arrays_hold_what_the_page_says():
    starts = bytes.fromhex(ARRAYS["text.starts"])
    row = tuple(bytes.fromhex(ARRAYS["fields"])[:9])
    assert row == (1, 0, 1, 1 + len(plaintexts(SEGMENT)[1]), 0, 0, 0, 0, 1)
    bounds = struct.unpack("<3H", bytes.fromhex(ARRAYS["documents.starts"]))
    refunds = json.loads(ARRAYS["documents.utf8"][bounds[0] : bounds[1]])
    assert refunds["content_sha256"] == sha256(plaintexts(SEGMENT)[1])
    assert f"uploads/{refunds['upload']}" == SEGMENT.blobs[1][0]
    assert (starts[0], starts[2]) == (0, len(TEXTS))


def test_each_text_is_compressed_by_itself_and_short_ones_stand_as_they_are():
    starts = bytes.fromhex(ARRAYS["text.starts"])
    for text, (start, stop) in zip(SEGMENT_TEXTS, pairwise(starts), strict=True):
        content = text.encode()
        header = bytes.fromhex("28b52ffd20") + bytes([len(content)]) + (8 * len(content) + 1).to_bytes(3, "little")
        assert TEXTS[start:stop] == header + content
        assert zstandard.ZstdDecompressor().decompress(TEXTS[start:stop]) == content


@pytest.mark.parametrize(
    ("arrays", "rows"),
    [
        (ARRAYS, [["refund", "take", "30", "day"], ["gift", "stay", "sold"]]),
        (BLOCK, [["gift", "gift"], ["gift"], ["gift"], ["gift"], ["refund"]]),
    ],
    ids=["frequent terms", "postings"],
)
def test_a_block_follows_from_its_terms(arrays, rows):
    def named(term: str) -> int:
        return int.from_bytes(hashlib.blake2b(term.encode(), digest_size=6).digest(), "little")

    def best(term: str) -> int:
        norms = [1.2 * (0.25 + 0.75 * len(row) * len(rows) / sum(map(len, rows))) for row in rows]
        shares = [row.count(term) / (row.count(term) + norm) for row, norm in zip(rows, norms, strict=True)]
        return math.ceil(255 * max(shares))

    terms = sorted({term for row in rows for term in row}, key=named)
    holders = {term: [number for number, row in enumerate(rows) if term in row] for term in terms}
    frequent = [term for term in terms if len(holders[term]) > len(rows) / 5]
    rare = [term for term in terms if term not in frequent]
    postings = [(number, rows[number].count(term)) for term in rare for number in holders[term]]
    starts = [sum(len(holders[term]) for term in rare[:count]) for count in range(len(rare) + 1)]
    bits = 16 - (len(rows) - 1).bit_length()
    expected = {
        "heads": packed(named(term) >> 16 for term in rare),
        "tails": packed(named(term) & 0xFFFF for term in rare),
        "starts": packed(starts),
        "postings": packed(number << bits | count for number, count in postings),
        "frequencies": b"",
        "bests": packed(map(best, rare)),
        "frequent": packed(map(named, frequent)),
        "columns": packed(row.count(term) for term in frequent for row in rows),
        "column_bests": packed(map(best, frequent)),
        "lengths": packed(map(len, rows)),
    }
    assert {name: bytes.fromhex(arrays[f"lexical.0.{name}"]) for name in expected} == expected


def test_a_flat_index_is_the_vectors_as_16_bit_floats_behind_81_bytes():
    vectors = [(1, 0), (0.6, 0.8)]
    fixed = struct.pack("<4siqqq?iiifQQQQ", b"IxSQ", 2, 2, 1 << 20, 1 << 20, True, 0, 4, 0, 0.0, 2, 4, 0, 8)
    assert len(fixed) == 81
    assert b"".join(DENSE) == fixed + struct.pack("<4e", *vectors[0], *vectors[1])
    assert [len(part) for part in DENSE] == [4, 4, 8, 8, 8, 1, 4, 4, 8, 8, 8, 8, 8, 4, 4]


def test_a_commit_names_its_ancestors_and_pins_its_segments():
    manifests = [json.loads(block) for block in COMMIT.blocks]
    digests = [digest[:32] for *_, digest in COMMIT.blobs]
    assert [manifest["ancestors"] for manifest in manifests] == [[], digests[:1], [digests[1], digests[0]]]
    for manifest, (name, *_) in zip(manifests, COMMIT.blobs, strict=True):
        assert name == f"commits/{10**19 - 1 - manifest['generation']:020d}"
    (entry,) = manifests[-1]["segments"]
    hot, text = sealed_blobs(SEGMENT)[0][1], b"".join(PARTS.values())
    for pin, blob in ((entry["hot"], hot), (entry["text"], text)):
        assert pin == {"stored_bytes": len(blob), "header_sha256": sha256(blob[:97])}


def test_turns_name_the_one_before_and_their_places():
    def blind(label: str, name: str) -> str:
        return hmac.digest(NAME_KEY, label.encode() + b"\0" + name.encode(), "sha256")[:16].hex()

    first, second, _, erased = (json.loads(block) for block in CONVERSATION.blocks)
    original = CONVERSATION.blobs[0][4]
    assert (first["previous"], second["previous"], erased["replaces"]) == ("", original, original)
    assert blind("conversation", first["conversation"]) == CONVERSATION.fields["conversation"]
    assert blind("visitor", first["visitor"]) == CONVERSATION.fields["visitor"]
    place = f"2026-01-01/{CONVERSATION.fields['conversation']}/000000"
    assert CONVERSATION.blobs[0][0] == CONVERSATION.blobs[3][0] == f"days/{place}"
    assert CONVERSATION.blobs[2][0] == f"days/{place[:10]}/feedback{place[10:]}"
    assert CONVERSATION.blobs[5][0] == f"visitors/{CONVERSATION.fields['visitor']}/{place}"


def test_the_feedback_key_follows_from_the_day_key_and_the_turn():
    content = hashlib.sha256(CONVERSATION.blocks[0].encode()).digest()
    secret = KEYS["day key"][1]
    key_id, key = (expand(secret, label + content) for label in (b"konverze/v1/feedback-id", b"konverze/v1/feedback"))
    assert KEYS["feedback key"] == (key_id[:16], key)


def test_settings_name_the_version_before():
    first, second = (json.loads(block) for block in SETTINGS.blocks)
    assert (first["previous"], second["previous"]) == ("", SETTINGS.blobs[0][4])
    for version, (name, *_) in zip((first, second), SETTINGS.blobs, strict=True):
        assert name == f"settings/{10**19 - 1 - version['number']:020d}"


# All of it, by the library


def test_the_library_writes_the_hot_blob_of_the_page():
    hot, texts = segment_of_the_library()
    assert (hot.tobytes(), texts.tobytes()) == (container(), TEXTS)


def test_the_library_writes_the_block_of_the_page():
    postings = Postings.build(["Gifts, gifts", "Gifts", "Gifts", "Gifts", "Refunds"], Analysis())
    arrays, _ = unpack_arrays(pack_arrays(postings.arrays(), {}))
    assert {name: array.tobytes().hex() for name, array in arrays.items()} == BLOCK


def test_library_and_faiss_write_and_read_the_dense_index_of_the_page():
    vectors = np.array([(1, 0), (0.6, 0.8)], np.float32)
    stored, figures, *_ = build_dense(vectors)
    assert stored.tobytes() == b"".join(DENSE)
    assert DenseFigures.from_json(json.loads(SEGMENT.blocks[5])) == figures
    scores, rows = DenseIndex(np.frombuffer(b"".join(DENSE), np.uint8), figures).search(vectors[1], k=2)
    np.testing.assert_array_equal(rows, [1, 0])
    np.testing.assert_allclose(scores, [1, 0.6], atol=1e-3)


def test_faiss_names_the_structures_as_the_page_says():
    fp16, product = faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
    flat = faiss.IndexScalarQuantizer(4, fp16, product)
    lists = faiss.IndexIVFScalarQuantizer(faiss.IndexFlatIP(4), 4, 2, fp16, product, False)
    codes = faiss.IndexRefine(faiss.IndexPQFastScan(4, 2, 4, product), flat)
    table = re.findall(r"^\| `(\w+)` \| `(\w+)`.* \| `(\w{4})` \|$", DENSE_SECTION, re.MULTILINE)
    assert table == [
        (structure, type(index).__name__, faiss.serialize_index(index)[:4].tobytes().decode())
        for structure, index in (("flat", flat), ("ivf", lists), ("pq", codes))
    ]


@pytest.fixture
def engine(tmp_path):
    """An engine over the examples of all pages, before the visitor is erased."""
    store = MemoryBlobStore()
    store.put(f"keyring/{DIRECTORY}/{1:020d}", KEYRING.blocks[1].encode() + b"\n")
    store.put(SEALED.fields["blob name"], b"".join(PARTS.values()))
    for page in (SEGMENT, COMMIT, CONVERSATION, SETTINGS):
        for name, blob in sealed_blobs(page):
            if CONVERSATION.blobs[3][4] != sha256(blob):
                store.put(PREFIX + name, blob)
    key_file = tmp_path / "key.json"
    key_file.write_text(KEYRING.blocks[0] + "\n")
    key_file.chmod(0o600)
    with kr.Engine(settings=OFFLINE, blobs=store, keys=LocalKeyFile(key_file), clock=ManualClock()) as engine:
        yield engine


def test_the_examples_are_a_sound_store(engine):
    report = engine.verify()
    assert report.findings == ()
    assert report.is_sound
    assert report.blobs == 2 + 2 + 3 + 5 + 2


def test_the_library_reads_the_examples(engine):
    acme = engine.tenant(SEALED.fields["tenant id"], min_generation=3)
    assert [hit.chunk.text for hit in acme.search("refund gift")] == ["Refunds take 30 days."]
    assert acme.settings().retention_days == json.loads(SETTINGS.blocks[1])["settings"]["retention_days"]
    assert engine.tenants() == [SEALED.fields["tenant id"]]


def test_the_library_reads_turns_and_feedback_of_the_page(engine):
    first, second = engine.tenant("acme").turns()
    told = json.loads(CONVERSATION.blocks[0])
    for field in ("question", "confidence", "total_ms"):
        assert getattr(first, field) == told[field]
    assert (first.feedback.helpful, first.feedback.comment) == (True, json.loads(CONVERSATION.blocks[2])["comment"])
    assert (second.number, second.visitor, second.feedback) == (1, None, None)


def test_an_erasure_leaves_the_erased_turn_of_the_page(engine):
    receipt = engine.tenant("acme").erase_visitor("v-7")
    assert receipt.blobs_destroyed == 3
    key = DataKey(id=KEYS["day key"][0], secret=KEYS["day key"][1])
    name = PREFIX + CONVERSATION.blobs[3][0]
    context = BlobContext(tenant_id="acme", kind="turn", name=name)
    opened = open_sealed({key.id: key}.__getitem__, context, engine.blobs.get(name))
    assert opened.tobytes().decode() == CONVERSATION.blocks[3]
    assert engine.verify().findings == ()
