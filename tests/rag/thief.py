"""A thief who opens stolen files by hand, as docs/formats says, with every key that lies about and no code of ours."""

from __future__ import annotations

import base64
import gc
import hashlib
import hmac
import itertools
import json
import struct
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand
from cryptography.hazmat.primitives.keywrap import aes_key_unwrap

_KINDS = {
    "key": "day-key",
    "feedback": "feedback",
    "spent": "grant",
    "visitors": "visitor",
    "uploads": "upload",
    "commits": "commit",
    "settings": "settings",
}
_HEADER_BYTES = 57

_PLAIN = frozenset({str, bytes, bytearray, int, float, bool, complex, type(None)})
_AT_ONCE = 2_000


class Thief:
    """Who has these files, and looks at each of them for keys, then for what the keys open.

    Args:
        stores: Directories that hold a blob store, or a part of one; of a blob that several have, each copy is tried.
        key_files: Local key files.

    Attributes:
        opened: Plaintext of all that opens, by the file's path.
        sealed: Files that are sealed and do not open.
    """

    def __init__(self, stores: Sequence[Path], key_files: Iterable[Path] = ()) -> None:
        self._secrets = dict(entry for file in key_files for entry in _secrets(file))
        files = [(file, file.relative_to(store).as_posix()) for store in stores for file in _files_below(store)]
        self._names = sorted({name for _, name in files if not name.startswith(".")})
        self._tenants: dict[str, str] = {}
        self._keys: dict[bytes, bytes] = {}
        for file, name in files:
            if name.startswith("keyring/"):
                self._open_keyring(json.loads(file.read_bytes().splitlines()[0]))
        self.opened: dict[Path, bytes] = {}
        self.sealed = [(file, name) for file, name in files if file.read_bytes()[:4] == b"KVZ1"]
        while self._open_more():
            pass

    def reads(self, text: str) -> bool:
        """Whether the text stands in anything that was opened, as it is or escaped."""
        forms = (text.encode(), json.dumps(text)[1:-1].encode())
        return any(form in plaintext for plaintext in self.opened.values() for form in forms)

    def _open_keyring(self, body: dict) -> None:
        directory = body["tenant"]
        for dek in body["deks"]:
            secret = self._secrets.get(dek["kek_id"].rpartition("/")[2])
            if secret is None:
                continue
            context = _canonical("key", dek["id"], "tenant", directory)
            wrap_subkey = _expand(secret, b"konverze/v1/wrap" + context)
            key = aes_key_unwrap(wrap_subkey, base64.b64decode(dek["ciphertext"]))[:32]
            self._keys[bytes.fromhex(dek["id"])] = key
            if dek["state"] == "active":
                name_key = _unsealed(_expand(key, b"konverze/v1/name-key"), body["name_key_sealed"], directory)
                tenant_key = _expand(name_key, b"konverze/v1/tenant-id")
                self._tenants[directory] = _unsealed(tenant_key, body["tenant_id_sealed"], directory).decode()

    def _open_more(self) -> bool:
        before = len(self.opened)
        for file, name in list(self.sealed):
            blob = file.read_bytes()
            key = self._keys.get(blob[9:25])
            if key is None:
                continue
            for place in [name] if name in self._names else self._names:  # a leftover may be any blob's
                plaintext = self._unsealed(blob, key, place)
                if plaintext is not None:
                    self._take(file, name, kind=_kind(place), key=key, plaintext=plaintext)
                    break
        return len(self.opened) > before

    def _take(self, file: Path, name: str, *, kind: str, key: bytes, plaintext: bytes) -> None:
        self.opened[file] = plaintext
        self.sealed.remove((file, name))
        if kind == "day-key":
            self._keys[plaintext[:16]] = plaintext[16:]
        if kind == "turn":
            content = hashlib.sha256(plaintext).digest()
            feedback_id = _expand(key, b"konverze/v1/feedback-id" + content)[:16]
            self._keys[feedback_id] = _expand(key, b"konverze/v1/feedback" + content)

    def _unsealed(self, blob: bytes, key: bytes, name: str) -> bytes | None:
        """The plaintext, if the blob is of this name."""
        tenant_id = self._tenants.get(name.split("/")[1])
        if tenant_id is None:
            return None
        (frame_bytes,) = struct.unpack(">I", blob[5:9])
        aad = _canonical(tenant_id, _kind(name), name, blob[9:25].hex(), "1", str(frame_bytes))
        commitment = hmac.digest(_expand(key, b"konverze/v1/commit"), blob[:25] + aad + blob[57:97], "sha256")
        if commitment != blob[25:57]:
            return None
        blob_key = AESGCM(HKDF(SHA256(), 32, blob[58:90], aad).derive(_expand(key, b"konverze/v1/stream")))
        starts = [_HEADER_BYTES + 40, *range(_HEADER_BYTES + frame_bytes, len(blob), frame_bytes)]
        plaintext = b""
        for number, start in enumerate(starts):
            is_last = number == len(starts) - 1
            stop = len(blob) if is_last else starts[number + 1]
            nonce = blob[90:97] + struct.pack(">IB", number, is_last)
            try:
                plaintext += blob_key.decrypt(nonce, blob[start:stop], None)
            except InvalidTag:
                return None
        return plaintext


def _files_below(root: Path) -> list[Path]:
    return sorted(path for path in root.rglob("*") if path.is_file())


def _secrets(key_file: Path) -> Iterator[tuple[str, bytes]]:
    for entry in json.loads(key_file.read_bytes().splitlines()[0])["keys"]:
        yield entry["id"], base64.b64decode(entry["secret"])


def _kind(name: str) -> str:
    """What a blob of this name is sealed as."""
    _, _, folder, *rest = name.split("/")
    if folder == "segments":
        return name.rpartition(".")[2]
    if folder == "days":
        return _KINDS.get(rest[1], "turn")
    return _KINDS.get(folder, folder)


def _canonical(*fields: str) -> bytes:
    return b"".join(struct.pack(">H", len(field.encode())) + field.encode() for field in fields)


def _expand(key: bytes, info: bytes) -> bytes:
    return HKDFExpand(SHA256(), 32, info).derive(key)


def _unsealed(key: bytes, sealed_hex: str, directory: str) -> bytes:
    sealed = bytes.fromhex(sealed_hex)
    return AESGCM(key).decrypt(sealed[:12], sealed[12:], directory.encode())


def in_memory(backwards: Sequence[str | bytes]) -> dict[str | bytes, set[str]]:
    """Which texts and secrets live objects of this process hold, and the types of the holders.

    Freed memory is not looked at: Python cannot wipe it, and the threat model says so.

    Args:
        backwards: The texts and secrets, written backwards, so that the search does not find itself.
    """
    found: dict[str | bytes, set[str]] = {}
    for holders, held in _held_by_live_objects():
        for one in backwards:
            if _raw(one[::-1]) in held:
                found.setdefault(one, set()).update(_kinds(holders, one))
    return found


def _kinds(holders: list[object], backwards: str | bytes) -> set[str]:
    wanted = _raw(backwards[::-1])
    return {type(holder).__name__ for holder in holders if wanted in _joined(gc.get_referents(holder))}


def _held_by_live_objects() -> Iterator[tuple[list[object], bytes]]:
    """Some objects at a time, and all text that these hold and those before did not.

    Objects that the garbage collector does not know are reached through others.
    """
    gc.collect()
    everything = gc.get_objects()
    seen: set[int] = set()
    for start in range(0, len(everything), _AT_ONCE):
        holders = everything[start : start + _AT_ONCE]
        while holders:
            held = list(itertools.filterfalse(gc.is_tracked, gc.get_referents(*holders)))
            by_place = dict(zip(map(id, held), held, strict=True))
            fresh = [by_place[place] for place in by_place.keys() - seen]
            seen |= by_place.keys()
            yield holders, _joined(fresh)
            holders = [thing for thing in fresh if type(thing) not in _PLAIN]


def _joined(things: Iterable[object]) -> bytes:
    return b"\0".join(_raw(thing) for thing in things if isinstance(thing, str | bytes | bytearray))


def _raw(thing: str | bytes | bytearray) -> bytes:
    return thing.encode("utf-8", "surrogatepass") if isinstance(thing, str) else bytes(thing)
