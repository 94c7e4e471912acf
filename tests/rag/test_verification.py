"""`verify` finds what is damaged, missing, swapped or foreign, and takes no offence at leftovers."""

import pytest

import konverze_rag as kr
from konverze_core.fakes import MemoryBlobStore
from konverze_indexes.tenant_ids import tenant_directory

DIRECTORY = tenant_directory("acme")
KINDS = {
    "keyring": f"keyring/{DIRECTORY}/",
    "commit": "/commits/",
    "hot segment": ".hot",
    "text segment": ".text",
    "original": "/uploads/",
    "settings": "/settings/",
    "day key": "/key",
    "turn": "/000000",
    "marker": "/visitors/",
}


@pytest.fixture
def whole(make_engine, blobs):
    """Contents of a store with two sound tenants."""
    engine = make_engine()
    for name in ("acme", "globex"):
        tenant = engine.tenant(name)
        tenant.ingest(f"Refunds of {name} take 7 days.".encode(), source="policy")
        tenant.configure(kr.TenantSettings(persona="Mild."))
        for question in ("How long do refunds take?", "And deliveries?"):
            tenant.ask(question, conversation="c", visitor="asha")
    return {name: bytes(blobs.get(name)) for name in blobs.list("")}


@pytest.fixture
def verify(make_engine, whole):
    """Verifies a store of these contents by a new process."""

    def verify_them(changes, *tenant_ids):
        store = MemoryBlobStore()
        for name, content in (whole | changes).items():
            if content is not None:
                store.put(name, content)
        return make_engine(blobs=store).verify(*tenant_ids)

    return verify_them


def of_kind(whole, kind, directory=DIRECTORY):
    """Names of a tenant's blobs of a kind."""
    part = KINDS[kind].replace(DIRECTORY, directory)
    names = [
        name for name in whole if directory in name and (part in name if part.endswith("/") else name.endswith(part))
    ]
    assert names
    return [name for name in names if kind == "marker" or "/visitors/" not in name]


def wrong(report):
    return [finding for finding in report.findings if not finding.is_harmless]


def test_a_sound_store_is_sound_and_everything_is_counted(whole, verify):
    report = verify({})
    assert (report.is_sound, report.findings) == (True, ())
    assert (report.tenants, report.blobs) == (2, len(whole))
    assert report.bytes == sum(map(len, whole.values()))
    assert verify({}, "acme").tenants == 1
    assert verify({}, "acme", "acme").tenants == 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_flipped_byte_is_found_and_the_other_tenant_is_walked(kind, whole, verify):
    name = of_kind(whole, kind)[0]
    for place in (0, len(whole[name]) // 2, len(whole[name]) - 1):
        changed = bytearray(whole[name])
        changed[place] ^= 1
        report = verify({name: bytes(changed)})
        assert not report.is_sound
        assert all(DIRECTORY in finding.name for finding in report.findings)
        assert report.tenants == 2
        assert verify({name: bytes(changed)}, "globex").is_sound


@pytest.mark.parametrize("kind", sorted(KINDS.keys() - {"commit", "settings"}))
def test_what_is_missing_is_found(kind, whole, verify):
    name = of_kind(whole, kind)[0]
    report = verify({name: None})
    assert wrong(report)
    assert all(DIRECTORY in finding.name for finding in wrong(report))


def test_a_commit_or_settings_that_went_back_are_found_by_who_saw_them(make_engine, blobs):
    engine = make_engine()
    tenant = engine.tenant("acme")
    tenant.ingest(b"one", source="one")
    tenant.ingest(b"two", source="two")
    blobs.delete(blobs.list(f"tenants/{DIRECTORY}/commits/")[0])
    assert "already seen" in wrong(engine.verify())[0].problem


@pytest.mark.parametrize(
    "name",
    [
        f"tenants/{DIRECTORY}/readme.txt",
        f"tenants/{DIRECTORY}/segments/x",
        f"tenants/{DIRECTORY}/days/today",
        f"tenants/{DIRECTORY}/commits/x",
        f"keyring/{DIRECTORY}/x",
        "keyring/stray/00000000000000000001",
        "keyring/stray",
        "tenants/stray",
        "stray",
        "strays/one",
        f"tenants/{tenant_directory('nobody')}/segments/x",
    ],
)
def test_a_stray_name_is_found(name, verify):
    report = verify({name: b"stray"})
    assert wrong(report)
    assert report.tenants >= 2 - name.startswith("keyring/")


@pytest.mark.parametrize("kind", sorted(KINDS.keys() - {"marker"}))
def test_blobs_swapped_between_tenants_are_found(kind, whole, verify):
    here, there = of_kind(whole, kind)[0], of_kind(whole, kind, tenant_directory("globex"))[0]
    report = verify({here: whole[there], there: whole[here]})
    assert len({finding.name.split("/")[1] for finding in wrong(report)}) == 2


def test_turns_swapped_within_a_conversation_are_found(whole, verify):
    first, second = sorted(name for name in whole if f"{DIRECTORY}/days/" in name and not name.endswith("/key"))
    assert wrong(verify({first: whole[second], second: whole[first]}))


def test_leftovers_are_harmless_and_a_vacuum_removes_them(make_engine, blobs):
    engine = make_engine()
    tenant = engine.tenant("acme")
    tenant.ingest(b"one", source="one")
    tenant.index.blobs.write("upload", "uploads/" + "0" * 32, b"of a writer that died")
    report = make_engine().verify()
    assert report.is_sound
    assert [finding.is_harmless for finding in report.findings] == [True]
    engine.vacuum(grace_s=0)
    assert make_engine().verify().findings == ()


def test_an_unknown_tenant_is_told(verify):
    with pytest.raises(kr.UnknownTenantError):
        verify({}, "nobody")


def test_a_tenant_whose_key_is_gone_is_a_finding(make_engine, keys, whole):
    keys.destroy()
    report = make_engine().verify()
    assert len(wrong(report)) == 2


def test_finds_settings_that_do_not_follow_the_version_before(make_engine, blobs, whole):
    acme = make_engine().tenant("acme")
    for persona in ("Brisk.", "Curt."):
        acme.configure(kr.TenantSettings(persona=persona))
    (newest, before, first) = blobs.list(f"tenants/{DIRECTORY}/settings/")
    fork = MemoryBlobStore()
    for name, content in whole.items():
        fork.put(name, content)
    make_engine(blobs=fork).tenant("acme").configure(kr.TenantSettings(persona="Kind."))
    blobs.put(before, fork.get(before))
    report = make_engine().verify()
    assert [finding.name for finding in report.findings] == [newest]
    assert not report.is_sound
    blobs.delete(before)
    assert make_engine().verify().is_sound, "older versions are for a vacuum to remove"
    assert first in blobs.list("")
