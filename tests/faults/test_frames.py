"""Frames that are moved, left out, repeated, or taken from another blob of the same key are refused."""

from __future__ import annotations

from itertools import combinations, permutations

import pytest

from konverze_indexes.envelope import HEADERS_BYTES, OUTER_HEADER_BYTES
from tests.faults.tampering import Scene, is_integrity_error

FRAME_BYTES = 256
COMMITMENT_START = 25
KINDS = ["commit", "hot", "text", "upload", "turn", "settings"]


@pytest.fixture(scope="module")
def scene():
    return Scene()


def in_frames(artefact):
    """The artefact sealed again in its own place, in small frames; and what its commit would say of it."""
    plaintext = artefact.blobs.read(artefact.kind, artefact.local_name)
    pin = artefact.blobs.write(artefact.kind, artefact.local_name, plaintext, frame_bytes=FRAME_BYTES, if_absent=False)
    return bytes(artefact.blobs.store.get(artefact.name)), pin


def split(blob):
    """Both headers, and the frames."""
    ends = range(OUTER_HEADER_BYTES + FRAME_BYTES, len(blob) + FRAME_BYTES, FRAME_BYTES)
    starts = [HEADERS_BYTES, *ends[:-1]]
    return blob[:HEADERS_BYTES], [blob[start:end] for start, end in zip(starts, ends, strict=True)]


def disordered(frames):
    """The same frames in another order, one or several of them missing, one of them twice or in another's place."""
    count = range(len(frames))
    for first, second in combinations(count, 2):
        order = list(frames)
        order[first], order[second] = frames[second], frames[first]
        yield order
    yield frames[::-1]
    yield from (frames[number:] + frames[:number] for number in count[1:])
    yield from (frames[:number] + frames[number + 1 :] for number in count)
    yield from (frames[:number] for number in count)
    yield from (frames[: number + 1] + frames[number:] for number in count)
    for place, number in permutations(count, 2):
        yield [*frames[:place], frames[number], *frames[place + 1 :]]


def spliced(frames, others):
    """Frames of which some are of another blob: one, all up to one, all from one on."""
    for number in range(min(len(frames), len(others))):
        yield [*frames[:number], others[number], *frames[number + 1 :]]
        yield frames[:number] + others[number:]
        yield others[: number + 1] + frames[number + 1 :]
    yield [*frames, others[-1]]


def mixed_headers(blob, other):
    """The blob under another one's outer header, commitment, stream header, salt or nonce prefix."""
    for start, end in (
        (0, OUTER_HEADER_BYTES),
        (COMMITMENT_START, OUTER_HEADER_BYTES),
        (OUTER_HEADER_BYTES, HEADERS_BYTES),
        (OUTER_HEADER_BYTES + 1, HEADERS_BYTES - 7),
        (HEADERS_BYTES - 7, HEADERS_BYTES),
        (COMMITMENT_START, HEADERS_BYTES),
    ):
        yield blob[:start] + other[start:end] + blob[end:]


def attacks(blob, others):
    headers, frames = split(blob)
    for order in disordered(frames):
        if (content := headers + b"".join(order)) != blob:
            yield content
    for other in others:
        yield from (headers + b"".join(mix) for mix in spliced(frames, split(other)[1]))
        yield from mixed_headers(blob, other)


@pytest.mark.parametrize("kind", KINDS)
def test_disordered_and_foreign_frames_are_refused(kind, scene, figure):
    artefact, *rest = scene.artefacts()[kind]
    same_place, _ = in_frames(artefact)
    same_key = [in_frames(other)[0] for other in rest[:1]]
    blob, pin = in_frames(artefact)
    assert len(split(blob)[1]) > 3
    assert headers_and_frames(blob) == blob
    blobs, name = artefact.blobs, artefact.local_name
    assert len(blobs.read(kind, name, pin=pin))
    outcomes = []
    for content in attacks(blob, [same_place, *same_key]):
        blobs.store.put(artefact.name, content)
        # The commit's pin is one lock, the envelope the other: each is tried alone where the first does not hold.
        outcomes.append(is_integrity_error(lambda: blobs.read(kind, name)))
        outcomes.append(is_integrity_error(lambda: blobs.read(kind, name, pin=pin)))
    blobs.store.put(artefact.name, same_place)  # sound in itself, but not what the commit names
    outcomes.append(is_integrity_error(lambda: blobs.read(kind, name, pin=pin)))
    scene.restore()
    figure("frame reorder, drop, duplicate, splice", passed=sum(outcomes), of=len(outcomes))


def headers_and_frames(blob):
    headers, frames = split(blob)
    return headers + b"".join(frames)
