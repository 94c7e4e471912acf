"""One flipped bit anywhere in anything that is stored is noticed when it is next read."""

from __future__ import annotations

import pytest

from konverze_core.errors import IntegrityError
from konverze_indexes.keyring import REREAD_S
from tests.faults.tampering import QUESTION, Scene

FLIPS_MIN = 6_000
SAMPLES = 8
KINDS = ["keyring", "commit", "hot", "text", "upload", "turn", "settings", "day-key", "visitor", "feedback"]


@pytest.fixture(scope="module")
def scene():
    return Scene()


def flipped(content, place, bit):
    return content[:place] + bytes([content[place] ^ 1 << bit]) + content[place + 1 :]


def flips(artefacts):
    """Every byte of every artefact, with another bit in each round, until there are enough."""
    tried = 0
    for number in range(8):
        for artefact in artefacts:
            for place in range(len(artefact.content)):
                yield artefact, flipped(artefact.content, place, (place + number) % 8)
                tried += 1
        if tried >= FLIPS_MIN:
            return


@pytest.mark.parametrize("kind", KINDS)
def test_a_flipped_bit_is_noticed(kind, scene, figure):
    artefacts = scene.artefacts()[kind]
    for artefact in artefacts:
        assert not scene.is_refused(artefact, artefact.content), "the test would see a fault where there is none"
    outcomes = [scene.is_refused(artefact, content) for artefact, content in flips(artefacts)]
    assert len(outcomes) >= FLIPS_MIN
    figure(
        "a bit flipped in every byte of every artefact kind",
        passed=sum(outcomes),
        of=len(outcomes),
        note=f"{kind} {len(outcomes):,}",
    )


@pytest.mark.parametrize("kind", KINDS)
def test_the_engine_and_its_verification_notice_it_too(kind, scene):
    artefact = scene.artefacts()[kind][0]
    assert scene.engine().verify().is_sound
    size = len(artefact.content)
    for number in range(SAMPLES):
        place = number * (size - 1) // (SAMPLES - 1)  # the first byte and the last are among them
        assert scene.is_refused_by_the_engine(artefact, flipped(artefact.content, place, number)), place


@pytest.mark.parametrize("kind", ["keyring", "commit", "turn", "settings"])
def test_a_process_that_has_the_tenant_open_notices_it_too(kind, scene):
    """Segments and day keys stay in memory; what says which ones are valid is looked at again and again."""
    tenant, artefact = scene.engine().tenant("acme"), scene.artefacts()[kind][0]
    for place in (0, len(artefact.content) // 2, -1):
        damaged = bytearray(artefact.content)
        damaged[place] ^= 1
        scene.blobs.put(artefact.name, damaged)
        scene.clock.advance(REREAD_S + 1)
        with pytest.raises(IntegrityError):
            tenant.ask(QUESTION, conversation="c")
        scene.restore()
        assert tenant.ask(QUESTION).text
