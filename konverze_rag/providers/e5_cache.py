"""The converted model on disk: made once for all processes of a machine, checked at every load."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

import filelock
from tokenizers import Tokenizer, models, pre_tokenizers

from konverze_core.errors import ConfigError
from konverze_rag.providers.e5_weights import WEIGHTS_SHA256, find_weights, read_weights

if TYPE_CHECKING:
    from konverze_rag.providers.e5_weights import E5Weights

MODEL_FILE: Final = "model.onnx"
TOKENIZER_FILE: Final = "tokenizer.json"
REPLACEMENTS_FILE: Final = "normalise.json"
_MANIFEST_FILE: Final = "manifest.json"
# Counts up when the same weights are converted in another way.
_CONVERSION: Final = "v1"
_LOCK_TIMEOUT_S: Final = 120.0


def converted_folder(cache_dir: Path) -> Path:
    """The folder of the converted model, converting it first where it is absent or damaged.

    Layout: `<cache_dir>/e5-small-<weights>-<conversion>/` with the ONNX graph, the tokenizer, SentencePiece's
    character replacements, and `manifest.json`, which maps each file name to its SHA-256.

    A folder appears by one rename, under a lock: no process sees a half-written one, and of several that start at once
    one converts. All files are hashed at every load: 90 MB take some 60 ms, and a model with a flipped bit would answer
    on, only worse. As the folder can be made again from pinned weights, a damaged one is replaced, not reported.

    Raises:
        ConfigError: The folder cannot be written, or the lock is held for too long.
        IntegrityError: The installed weights are not the pinned ones.
        MissingExtraError: The package with the weights is not installed.
    """
    folder = cache_dir / f"e5-small-{WEIGHTS_SHA256[:12]}-{_CONVERSION}"
    # Checked before the lock, so that a read-only cache baked into an image will do.
    if _is_intact(folder):
        return folder
    try:
        cache_dir.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(cache_dir / f"{folder.name}.lock", timeout=_LOCK_TIMEOUT_S):
            if not _is_intact(folder):
                _replace(folder)
    except filelock.Timeout as exc:
        raise ConfigError(
            f"another process has been converting the embedding model for {_LOCK_TIMEOUT_S:.0f} s"
        ) from exc
    except OSError as exc:
        raise ConfigError(f"the embedding model's cache {cache_dir} cannot be written: {exc.strerror}") from exc
    return folder


def _is_intact(folder: Path) -> bool:
    try:
        manifest = json.loads((folder / _MANIFEST_FILE).read_bytes())
        return all(_sha256(folder / name) == manifest[name] for name in (MODEL_FILE, TOKENIZER_FILE, REPLACEMENTS_FILE))
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _replace(folder: Path) -> None:
    weights = read_weights(find_weights())
    with tempfile.TemporaryDirectory(prefix=f"{folder.name}.", dir=folder.parent, ignore_cleanup_errors=True) as parent:
        fresh = Path(parent, folder.name)
        fresh.mkdir()
        _convert(weights, fresh)
        if folder.exists():
            shutil.rmtree(folder)
        fresh.rename(folder)


def _convert(weights: E5Weights, folder: Path) -> None:
    # Only a conversion needs the package onnx, not a load.
    from konverze_rag.providers.e5_graph import E5Graph  # noqa: PLC0415

    (folder / MODEL_FILE).write_bytes(E5Graph(weights).build())
    (folder / TOKENIZER_FILE).write_text(_tokenizer(weights).to_str(), encoding="utf-8")
    (folder / REPLACEMENTS_FILE).write_text(json.dumps(weights.replacements), encoding="utf-8")
    manifest = {path.name: _sha256(path) for path in sorted(folder.iterdir())}
    (folder / _MANIFEST_FILE).write_text(json.dumps(manifest, indent=1), encoding="utf-8")


def _tokenizer(weights: E5Weights) -> Tokenizer:
    scored = list(zip(weights.pieces, weights.scores.tolist(), strict=True))
    tokenizer = Tokenizer(models.Unigram(scored, unk_id=weights.unknown_id, byte_fallback=False))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    return tokenizer
