"""An older copy in the place of a newer one is noticed wherever there is a high-water mark."""

from __future__ import annotations

import pytest

from konverze_core.errors import IntegrityError, RollbackError
from konverze_indexes.keyring import REREAD_S
from konverze_indexes.marks import FileMarks
from tests.faults.tampering import QUESTION, Scene, directory_of

ROW = "rollback of manifest, keyring, whole prefix (with a high-water mark)"


@pytest.fixture
def scene():
    return Scene()


def rolled_back(scene, what):
    """The store as it was before the second commit and the second keyring; or only that part of it."""
    prefix = {
        "manifest": f"tenants/{directory_of('acme')}/commits/",
        "keyring": f"keyring/{directory_of('acme')}/",
        "whole prefix": "",
    }[what]
    kept = {name: content for name, content in scene.whole.items() if not name.startswith(prefix)}
    old = {name: content for name, content in scene.earlier.items() if name.startswith(prefix)}
    assert old
    return kept | old


@pytest.fixture(params=["warm process", "new process with marks in files"])
def user(request, scene, tmp_path):
    """Uses the tenant, now and whenever called."""
    if request.param == "warm process":
        tenant = scene.engine().tenant("acme")

        def use():
            scene.clock.advance(REREAD_S + 1)
            return tenant.search("refund")

    else:

        def use():
            return scene.engine(marks=FileMarks(tmp_path / "marks")).tenant("acme").search("refund")

    assert use()
    return use


@pytest.mark.parametrize("what", ["manifest", "keyring", "whole prefix"])
def test_a_rollback_is_noticed(what, scene, user, figure):
    scene.restore(rolled_back(scene, what))
    with pytest.raises(RollbackError):
        user()
    scene.restore()
    assert user()
    figure(ROW, passed=1, of=1)


@pytest.mark.parametrize("what", ["manifest", "keyring", "whole prefix"])
def test_verification_with_marks_reports_it(what, scene, tmp_path):
    marks = FileMarks(tmp_path / "marks")
    scene.engine(marks=marks).tenant("acme")
    assert scene.engine(marks=marks).verify().is_sound
    scene.restore(rolled_back(scene, what))
    assert not scene.engine(marks=marks).verify().is_sound


@pytest.mark.parametrize("part", ["tenants/{}/commits/", "keyring/{}/", ""])
def test_what_is_gone_altogether_is_no_empty_tenant(part, scene, user):
    prefix = part.format(directory_of("acme"))
    scene.restore({name: content for name, content in scene.whole.items() if not name.startswith(prefix)})
    with pytest.raises(RollbackError):
        user()


@pytest.mark.parametrize("what", ["manifest", "whole prefix"])
def test_who_saw_the_newer_one_refuses_an_older_copy_that_has_grown_again(what, scene):
    """A writer without marks takes the older copy for the newest, and builds on it until its numbers are as high."""
    tenant = scene.engine().tenant("acme")
    scene.restore(rolled_back(scene, what))
    other = scene.engine()
    for number in range(3):
        other.rotate_keys()
        other.tenant("acme").ingest(f"Something else, number {number}.".encode(), source="other.txt")
    assert other.tenant("acme").stats().generation > tenant.index.snapshot().manifest.generation
    scene.clock.advance(REREAD_S + 1)
    with pytest.raises(RollbackError):
        tenant.search("refund")


def test_the_callers_own_mark_is_one_too(scene):
    newest = scene.engine().tenant("acme").stats().generation
    scene.restore(rolled_back(scene, "whole prefix"))
    with pytest.raises(RollbackError):
        scene.engine().tenant("acme", min_generation=newest)


def test_without_a_mark_an_older_copy_of_everything_opens(scene):
    """Nothing in the store can tell: the threat model says so."""
    scene.restore(rolled_back(scene, "whole prefix"))
    engine = scene.engine()
    assert engine.verify().is_sound
    assert [document.id for document in engine.tenant("acme").documents()] == ["policy.txt"]
    assert engine.tenant("acme").ask(QUESTION).text


def test_a_new_process_cannot_tell_an_older_copy_that_has_grown_again(scene, tmp_path):
    """A mark in a file is a number: it does not say which history the number belongs to."""
    marks = FileMarks(tmp_path / "marks")
    scene.engine(marks=marks).tenant("acme")
    scene.restore(rolled_back(scene, "whole prefix"))
    other = scene.engine()
    other.rotate_keys()
    other.tenant("acme").ingest(b"Something else.", source="other.txt")
    documents = scene.engine(marks=marks).tenant("acme").documents()
    assert [document.id for document in documents] == ["other.txt", "policy.txt"]


def test_a_new_process_has_no_mark_of_settings_and_turns(scene, tmp_path):
    """They have chains, but no marks: only a process that saw the newer ones notices that they are gone."""
    marks = FileMarks(tmp_path / "marks")
    warm = scene.engine(marks=marks).tenant("acme")
    warm.ask(QUESTION, conversation="c")
    folder = f"tenants/{directory_of('acme')}/"
    turns = [name for name in scene.blobs.list(f"{folder}days/") if "/feedback/" not in name and name[-4:] != "/key"]
    names = [scene.blobs.list(f"{folder}settings/")[0], turns[-1]]
    for name in names:
        kept = bytes(scene.blobs.get(name))
        scene.blobs.delete(name)
        scene.clock.advance(REREAD_S + 1)
        with pytest.raises(IntegrityError):
            warm.ask(QUESTION, conversation="c")
        scene.engine(marks=marks).tenant("acme").ask(QUESTION)
        assert scene.engine(marks=marks).verify().is_sound
        scene.blobs.put(name, kept)
