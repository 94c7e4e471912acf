"""What was written for one place is refused in another: of another tenant, of another version, of another kind."""

from __future__ import annotations

import base64
import os

import pytest
from msgspec import structs

from konverze_core.errors import IntegrityError
from konverze_core.fakes import MemoryKeyProvider
from konverze_indexes.keyring_file import decoded, encoded
from konverze_indexes.keywrap import unwrapped_key
from tests.faults.tampering import Contextless, Scene, directory_of, is_integrity_error, next_use

FROM = ["another tenant", "another version", "another kind"]
BLOB_KINDS = ["hot", "text", "upload", "turn", "settings", "commit", "keyring"]
STRANGERS = {"hot": "text", "text": "hot", "upload": "settings", "turn": "upload", "settings": "turn"}
ROW = "swap of blob, manifest, keyring, wrapped DEK across tenant, version, kind"


@pytest.fixture(scope="module")
def scene():
    return Scene()


def strangers(scene, kind, origin):
    """What an attacker who can write in the store finds there to put in the place of an artefact."""
    if origin == "another tenant":
        return [other.content for other in scene.artefacts("globex")[kind]]
    mine = scene.artefacts()
    if origin == "another kind":
        return [other.content for other in mine[STRANGERS.get(kind, "upload")]]
    earlier = [
        content
        for name, content in scene.earlier.items()
        if name.startswith((f"keyring/{directory_of('acme')}", f"tenants/{directory_of('acme')}/settings"))
    ]
    return {
        "keyring": [content for content in earlier if content.startswith(b"{")],
        "settings": [content for content in earlier if not content.startswith(b"{")],
    }.get(kind, [other.content for other in mine[kind][1:]])


@pytest.mark.parametrize("origin", FROM)
@pytest.mark.parametrize("kind", BLOB_KINDS)
def test_a_blob_in_another_ones_place_is_refused(kind, origin, scene, figure):
    artefact = scene.artefacts()[kind][0]
    contents = strangers(scene, kind, origin)
    assert contents
    assert artefact.content not in contents
    held = all(
        scene.is_refused(artefact, content) and scene.is_refused_by_the_engine(artefact, content)
        for content in contents
    )
    figure(ROW, passed=held, of=1)


def test_two_blobs_that_belong_together_do_not_move_together(scene):
    """A segment of the same tenant, hot and text both, in the place of another one; a turn with its day's key."""
    mine, theirs = scene.artefacts(), scene.artefacts("globex")
    moves = [
        {mine[kind][0].name: mine[kind][1].content for kind in ("hot", "text")},
        {mine[kind][0].name: theirs[kind][0].content for kind in ("hot", "text")},
        {mine[kind][0].name: theirs[kind][0].content for kind in ("turn", "day-key")},
        {mine[kind][0].name: theirs[kind][0].content for kind in ("keyring", "commit", "hot", "text", "settings")},
    ]
    for move in moves:
        scene.restore(scene.whole | move)
        with pytest.raises(IntegrityError):
            next_use("turn", scene.engine())
        assert not scene.engine().verify("acme").is_sound
    scene.restore()


@pytest.mark.parametrize("origin", FROM)
def test_a_wrapped_key_in_another_ones_place_is_refused(origin, figure):
    """Whoever can write, and wrap, cannot sign; and should they be able to: the payload names its place."""
    figure(ROW, passed=all(_is_refused(origin, keys) for keys in (MemoryKeyProvider(), Contextless())), of=1)


def _is_refused(origin, keys):
    scene = Scene(keys)
    mine, theirs = (_body(scene, tenant_id) for tenant_id in ("acme", "globex"))
    keyring = scene.artefacts()["keyring"][0]
    outcomes = []
    for entry in _entries(origin, mine, theirs, keys):
        outcomes.append(is_integrity_error(lambda e=entry: unwrapped_key(keys, mine.tenant, e.key_id, e.wrapped)))
        swapped = structs.replace(mine, deks=(*mine.deks[:-1], entry))
        by_keys, by_others = encoded(swapped, keys), encoded(swapped, MemoryKeyProvider())
        unsigned = by_keys.splitlines(keepends=True)[0] + keyring.content.splitlines(keepends=True)[1]
        for content in (by_keys, by_others, unsigned):
            outcomes += [scene.is_refused(keyring, content), scene.is_refused_by_the_engine(keyring, content)]
    assert not scene.is_refused(keyring, encoded(mine, keys))  # it is the swap that is refused
    return len(outcomes) >= 7 and all(outcomes)


def _entries(origin, mine, theirs, keys):
    """Active entries with another wrapped key: under the true id, and where it has one, under its own."""
    if origin == "another kind":  # something else under the same KEK: it does not name a place, or not this one
        payloads = [os.urandom(64), os.urandom(32)]
        wrapped = [keys.wrap(payload, context={}).ciphertext for payload in payloads]
        sealed = bytes.fromhex(mine.name_key_sealed)
        return [_with(mine.active, ciphertext) for ciphertext in [*wrapped, sealed]]
    other = theirs.active if origin == "another tenant" else mine.deks[0]
    assert other.id != mine.active.id
    entries = [_with(mine.active, other.wrapped.ciphertext)]
    return [*entries, other] if origin == "another tenant" else entries


def _with(entry, ciphertext):
    return structs.replace(entry, ciphertext=base64.b64encode(ciphertext).decode())


def _body(scene, tenant_id):
    keyring = scene.artefacts(tenant_id)["keyring"][0]
    return decoded(keyring.content, scene.keys, keyring.name)


def test_a_retired_wrapped_key_in_another_ones_place_is_refused_when_it_is_used():
    scene = Scene(Contextless())
    keyring, mine, theirs = scene.artefacts()["keyring"][0], _body(scene, "acme"), _body(scene, "globex")
    swapped = structs.replace(mine, deks=(_with(mine.deks[0], theirs.deks[0].wrapped.ciphertext), *mine.deks[1:]))
    scene.blobs.put(keyring.name, encoded(swapped, scene.keys))
    assert is_integrity_error(lambda: scene.engine().tenant("acme"))
    assert not scene.engine().verify("acme").is_sound
