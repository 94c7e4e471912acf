"""Whatever is shorter or longer than it was written, or empty, is refused."""

from __future__ import annotations

import random

import pytest

from tests.faults.tampering import Scene
from tests.faults.test_bit_flips import KINDS

EXTENSIONS_BYTES = range(1, 65)


@pytest.fixture(scope="module")
def scene():
    return Scene()


def resized(content):
    """Every shorter length from nothing on; 1 to 64 bytes more at the end or the start; as many zeros."""
    yield from (content[:length] for length in range(len(content)))
    yield from (content[length:] for length in range(1, len(content)))
    for length in EXTENSIONS_BYTES:
        for extra in (bytes(length), random.Random(length).randbytes(length), content[-length:], b"\n" * length):
            yield content + extra
            yield extra + content
    yield bytes(len(content))
    yield content * 2


@pytest.mark.parametrize("kind", KINDS)
def test_another_length_is_noticed(kind, scene, figure):
    outcomes = [
        scene.is_refused(artefact, content)
        for artefact in scene.artefacts()[kind]
        for content in resized(artefact.content)
    ]
    figure("truncation at every length, extension, emptiness", passed=sum(outcomes), of=len(outcomes))


@pytest.mark.parametrize("kind", KINDS)
def test_the_engine_and_its_verification_notice_it_too(kind, scene):
    artefact = scene.artefacts()[kind][0]
    whole = artefact.content
    for content in (b"", whole[:1], whole[: len(whole) // 2], whole[:-1], whole + b"\0", whole * 2):
        assert scene.is_refused_by_the_engine(artefact, content), len(content)
