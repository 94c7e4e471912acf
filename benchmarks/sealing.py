"""How fast are blobs sealed and opened, beside one call of AES-GCM, Tink, a copy, and a plaintext read?"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import tink  # pyright: ignore[reportMissingTypeStubs]
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from tink import streaming_aead  # pyright: ignore[reportMissingTypeStubs]

from benchmarks.measuring import Spent, interleaved, median, save
from konverze_indexes import frames
from konverze_indexes.container import Bytes
from konverze_indexes.datakeys import DataKey
from konverze_indexes.envelope import BlobContext, open_sealed, seal, sealed_bytes
from konverze_indexes.localstore import LocalBlobStore

ROUNDS_BY_SIZE = {1 << 10: 300, 64 << 10: 200, 64 << 20: 15, 512 << 20: 7}
"""Rounds by bytes of plaintext."""

QUESTION = "sealing"
CONTEXT = BlobContext(tenant_id="benchmark", kind="hot", name="sealed")
OPENSSL_BLOCK_BYTES = 1 << 20
NEVER_BYTES = 1 << 62
TWO_THREADS = "ours into, 2 threads"
PROCESSOR = ", per processor second"
COLUMNS = (
    *("memcpy", "pyca into", "ours into", TWO_THREADS, "pyca fresh", "ours fresh", "tink", "openssl speed"),
    *("np.fromfile", "ours from a file", "ours / pyca into", "2 threads / 1", "2 threads / 1, best"),
    "ours / np.fromfile",
)
RATIOS = {
    "ours / pyca into": ("ours into", "pyca into"),
    "2 threads / 1": (TWO_THREADS, "ours into"),
    "ours / np.fromfile": ("ours from a file", "np.fromfile"),
}
"""Quotients of speeds: above 1, the first one is the faster."""

Contestants = Mapping[str, Callable[[int], object]]


class _Kept(io.BytesIO):
    def close(self) -> None:
        """Tink closes what it writes to; its bytes are still wanted."""


def run() -> list[dict[str, Any]]:
    """One row a size and direction, in GB/s of plaintext by the clock; the file holds processor time, too."""
    rows = [row for size, rounds in ROUNDS_BY_SIZE.items() for row in _measured(size, rounds)]
    save(QUESTION, rows)
    return [{head: value for head, value in row.items() if not head.endswith(PROCESSOR)} for row in rows]


def _measured(size: int, rounds: int) -> list[dict[str, Any]]:
    key, plain = DataKey.fresh(), np.random.default_rng(0).integers(0, 256, size, dtype=np.uint8)
    with tempfile.TemporaryDirectory() as folder:
        store = LocalBlobStore(folder)
        store.put(CONTEXT.name, seal(key, CONTEXT, plain))
        plain.tofile(file := Path(folder) / "plain")
        files: Contestants = {
            "np.fromfile": lambda _: np.fromfile(file, np.uint8),
            "ours from a file": lambda _: open_sealed({key.id: key}.__getitem__, CONTEXT, store.get(CONTEXT.name)),
        }
        opening = interleaved({**_opening(key, plain), **files}, rounds=rounds)
    sealing = interleaved(_sealing(key, plain), rounds=rounds)
    return [_row(size, "seal", sealing), _row(size, "open", opening)]


def _sealing(key: DataKey, plain: Bytes) -> Contestants:
    gcm, nonce, primitive = AESGCM(key.secret), os.urandom(12), _tink()
    out, blob, copy = _touched(len(plain) + 16), _touched(sealed_bytes(len(plain))), _touched(len(plain))
    data = plain.tobytes()

    def tinks(_: int) -> None:
        with primitive.new_encrypting_stream(_Kept(), b"benchmark") as stream:
            stream.write(data)

    return {
        "memcpy": lambda _: np.copyto(copy, plain),
        "pyca into": lambda _: gcm.encrypt_into(nonce, plain.data, None, out.data),
        "ours into": _alone(lambda _: seal(key, CONTEXT, plain, out=blob)),
        "pyca fresh": lambda _: gcm.encrypt(nonce, plain.data, None),
        "ours fresh": lambda _: seal(key, CONTEXT, plain),
        "tink": tinks,
        **_on_two_threads(len(plain), lambda _: seal(key, CONTEXT, plain, out=blob)),
    }


def _opening(key: DataKey, plain: Bytes) -> Contestants:
    gcm, nonce, primitive, keys = AESGCM(key.secret), os.urandom(12), _tink(), {key.id: key}.__getitem__
    out, copy = _touched(len(plain)), _touched(len(plain))
    sealed, blob, target = gcm.encrypt(nonce, plain.data, None), seal(key, CONTEXT, plain), _Kept()
    with primitive.new_encrypting_stream(target, b"benchmark") as stream:
        stream.write(plain.tobytes())
    theirs = target.getvalue()

    def tinks(_: int) -> None:
        with primitive.new_decrypting_stream(io.BytesIO(theirs), b"benchmark") as opened:
            opened.read()

    return {
        "memcpy": lambda _: np.copyto(copy, plain),
        "pyca into": lambda _: gcm.decrypt_into(nonce, sealed, None, out.data),
        "ours into": _alone(lambda _: open_sealed(keys, CONTEXT, blob, out=out)),
        "pyca fresh": lambda _: gcm.decrypt(nonce, sealed, None),
        "ours fresh": lambda _: open_sealed(keys, CONTEXT, blob),
        "tink": tinks,
        **_on_two_threads(len(plain), lambda _: open_sealed(keys, CONTEXT, blob, out=out)),
    }


def _on_two_threads(size: int, call: Callable[[int], object]) -> Contestants:
    """The call as the library makes it, where that takes two threads."""
    return {TWO_THREADS: call} if size >= frames.PARALLEL_BYTES else {}


def _row(size: int, direction: str, spent: dict[str, list[Spent]]) -> dict[str, Any]:
    figures: dict[str, Any] = {"KiB": size >> 10, "direction": direction}
    figures |= dict.fromkeys(COLUMNS, "")
    figures |= {name: size / median([one.wall_ms for one in times]) / 1e6 for name, times in spent.items()}
    figures["openssl speed"] = _openssl(direction)
    for ratio, (ours, other) in RATIOS.items():
        if ours in spent and other in spent:
            pairs = zip(spent[ours], spent[other], strict=True)  # of one round: what slowed one, slowed the other
            figures[ratio] = median([theirs.wall_ms / mine.wall_ms for mine, theirs in pairs])
    if TWO_THREADS in spent:
        one, two = (min(times.wall_ms for times in spent[name]) for name in ("ours into", TWO_THREADS))
        figures["2 threads / 1, best"] = one / two
    processor = {name: size / median([one.cpu_ms for one in times]) / 1e6 for name, times in spent.items()}
    return figures | {f"{name}{PROCESSOR}": figure for name, figure in processor.items()}


def _touched(length: int) -> Bytes:
    """A buffer whose pages are there already."""
    return np.ones(length, np.uint8)


def _alone(call: Callable[[int], object]) -> Callable[[int], object]:
    def called(turn: int) -> None:
        with _one_thread():
            call(turn)

    return called


@contextmanager
def _one_thread() -> Generator[None]:
    threshold, frames.PARALLEL_BYTES = frames.PARALLEL_BYTES, NEVER_BYTES
    try:
        yield
    finally:
        frames.PARALLEL_BYTES = threshold


def _tink() -> Any:
    streaming_aead.register()
    templates: Any = streaming_aead.streaming_aead_key_templates
    new_handle: Callable[[object], Any] = tink.new_keyset_handle  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    return new_handle(templates.AES256_GCM_HKDF_1MB).primitive(streaming_aead.StreamingAead)


def _openssl(direction: str) -> float | str:
    """GB/s of the command's own benchmark, whose buffer stays in the processor's cache; empty without the command."""
    command = shutil.which("openssl")
    if command is None:
        return ""
    options = ["-evp", "aes-256-gcm", "-bytes", str(OPENSSL_BLOCK_BYTES), "-seconds", "1", "-mr"]
    decrypting = ["-decrypt"] if direction == "open" else []
    done = subprocess.run([command, "speed", *options, *decrypting], capture_output=True, text=True, check=True)  # noqa: S603
    figure = next(line for line in done.stdout.splitlines() if line.startswith("+F:"))
    return float(figure.rsplit(":", 1)[1]) / 1e9
