"""What ends is gone: proven by the means of a thief, who has disks, backups, key files and a process's memory."""

from __future__ import annotations

import os
import shutil
import time
import zipfile

import pytest

import konverze_rag as kr
from konverze_core.fakes import HashingEmbedder, ManualClock
from konverze_indexes.keyfile import LocalKeyFile
from konverze_indexes.localstore import LEFTOVER_AGE_S, LocalBlobStore
from konverze_indexes.marks import FileMarks
from konverze_indexes.tenant_ids import tenant_directory
from konverze_rag.answering.marks import REFUSAL_SENTINEL
from tests.rag.thief import Thief, in_memory
from tests.settings import OFFLINE

DAY_S = 86_400
DAYS = 4
ASKED = ("question", "hindi", "unanswered")
RETENTION = OFFLINE.retention_days
PREFIX = f"tenants/{tenant_directory('acme')}/"
SETTINGS = OFFLINE.model_copy(
    update={"answer_cache_size": 100, "visitor_asks_per_minute": 1_000, "daily_tokens": 10**9, "history_turns": 6}
)

# Backwards, so that a search of the memory finds what was kept of them and not this page.
ASHA = {
    "visitor": "elpmaxe.pohs@canocahsa",
    "conversation": "tlavocahsa",
    "question": "noclafarbez",
    "order": "37284915603-qx",
    "hindi": "ानरझाव़डोफठक",
    "unanswered": "ebutpmalfloow",
    "answer": "niloivsurlaw",
    "comment": "egnarotzrauq",
}
RAVI = {
    "visitor": "elpmaxe.pohs@canocivar",
    "conversation": "tlavocivar",
    "question": "kcudregnit",
    "order": "19355720846-qy",
    "hindi": "लहमातसार",
    "unanswered": "lrepdrazzilb",
    "answer": "mottubollec",
    "comment": "dnasrebma",
}


def told(word):
    """A word as it is."""
    return word[::-1]


class EchoingModel:
    """A model that repeats the last word of what it is asked, knows nothing of moons, and notes the prompts."""

    hosts = ()
    info = kr.ChatModelInfo(name="echo", context_window_tokens=128_000)

    def __init__(self):
        self.prompts = []

    def stream(self, prompt, *, max_output_tokens, timeout_s):
        self.prompts.append(prompt)
        asked = prompt.messages[-1].text
        yield REFUSAL_SENTINEL if "moon" in asked else f"Refunds take 7 days [1]. So says {asked.split()[-1]}"
        yield kr.Usage(1, 1)


class Shop:
    """A tenant on a disk of its own, as processes and thieves see it."""

    def __init__(self, folder, **changes):
        self.folder, self.clock, self.chat = folder, ManualClock(), EchoingModel()
        self.blobs, self.keys = folder / "blobs", folder / "keys"
        self._settings = SETTINGS.model_copy(update=changes)
        self.engine = self.process()
        self.acme = self.engine.tenant("acme")
        self.acme.ingest(b"Refunds take 7 days.", source="policy")

    def process(self, **changes):
        """An engine of a process that has just been started."""
        self.keys.mkdir(exist_ok=True)
        return kr.Engine(
            settings=self._settings.model_copy(update=changes),
            blobs=LocalBlobStore(self.blobs),
            keys=LocalKeyFile.open(self.keys / "key.json", create=True, clock=self.clock),
            marks=FileMarks(self.folder / "marks"),
            embedder=HashingEmbedder(),
            chat=self.chat,
            clock=self.clock,
        )

    def ask(self, who, kind, acme=None):
        """Asks in English or in Hindi, so that the answer repeats a word of its own; or in vain."""
        words = {
            "question": f"How long do refunds take, order {told(who['order'])} {told(who['question'])}",
            "hindi": f"Refunds कब मिलेगा {told(who['hindi'])}",
            "unanswered": f"Do refunds reach the moon {told(who['unanswered'])}",
        }
        answer = (acme or self.acme).ask(
            f"{words[kind]} {told(who['answer'])}",
            conversation=told(who["conversation"]),
            visitor=told(who["visitor"]),
        )
        assert answer.refused if kind == "unanswered" else told(who["answer"]) in answer.text
        return answer.turn

    def live(self):
        """Several days of two visitors."""
        for _ in range(DAYS):
            for who in (ASHA, RAVI):
                for kind in ASKED:
                    turn = self.ask(who, kind)
                    comment = f"No. {told(who['comment'])}"
                    self.acme.give_feedback(told(who["conversation"]), turn, helpful=False, comment=comment)
            self.clock.advance(DAY_S)

    def copied(self, name):
        """A copy of store and key files, byte for byte."""
        for part in (self.blobs, self.keys):
            shutil.copytree(part, self.folder / name / part.name)
        return self.folder / name

    def pass_by(self):
        """Time goes by until the last of the days is past its retention; nobody calls anything."""
        self.clock.advance(RETENTION * DAY_S)


@pytest.fixture
def shop(tmp_path):
    shop = Shop(tmp_path)
    shop.live()
    return shop


def by_retention(shop):
    shop.pass_by()
    assert shop.engine.purge_expired().turns == DAYS * 2 * len(ASKED)


def by_erasure_of_the_visitor(shop):
    assert shop.acme.erase_visitor(told(ASHA["visitor"])).blobs_destroyed == DAYS * len(ASKED) * 3


def by_erasure_of_the_tenant(shop):
    shop.acme.erase()


ENDS = [by_retention, by_erasure_of_the_visitor, by_erasure_of_the_tenant]
ENDED = pytest.mark.parametrize("end", ENDS)
GONE = list(ASHA.values())


def read(thief, who=ASHA):
    """Which of a visitor's words a thief reads."""
    return {what for what, word in who.items() if thief.reads(told(word))}


def key_files(folder):
    """All files beside a key file, also hidden ones, but locks."""
    return [path for path in sorted((folder / "keys").iterdir()) if path.stat().st_size]


# What a thief reads


def test_before_the_end_a_thief_with_the_keys_reads_all_and_one_without_reads_nothing(shop):
    assert read(Thief([shop.blobs], key_files(shop.folder))) == set(ASHA)
    assert read(Thief([shop.blobs], key_files(shop.folder)), RAVI) == set(RAVI)
    without = Thief([shop.blobs, shop.keys])
    assert without.opened == {}
    assert len(without.sealed) > DAYS * 2 * len(ASKED)


@ENDED
def test_the_store_holds_nothing_of_it_that_opens_with_any_key_of_any_time(shop, end):
    early = shop.copied("early")
    end(shop)
    thief = Thief([shop.blobs], [*key_files(shop.folder), *key_files(early)])
    assert read(thief) == set()
    assert read(thief, RAVI) == (set(RAVI) if end is by_erasure_of_the_visitor else set())
    assert thief.sealed == [], "and nothing stays that nobody can open"


@ENDED
@pytest.mark.parametrize("kek_per_tenant", [False, True])
def test_a_backup_from_before_opens_as_long_as_its_keys_are_anywhere(tmp_path, end, kek_per_tenant):
    """Only the end of a tenant with a KEK of its own reaches copies, unless the KEK was copied, too."""
    shop = Shop(tmp_path, kek_per_tenant=kek_per_tenant)
    shop.live()
    early = shop.copied("early")
    end(shop)
    is_kek_gone = kek_per_tenant and end is by_erasure_of_the_tenant
    assert read(Thief([early / "blobs"])) == set()
    assert read(Thief([early / "blobs", shop.blobs], key_files(shop.folder))) == (set() if is_kek_gone else set(ASHA))
    assert read(Thief([early / "blobs"], key_files(early))) == set(ASHA)
    late = shop.copied("late")
    assert read(Thief([late / "blobs"], [*key_files(early), *key_files(late)])) == set()


@ENDED
def test_copies_of_turns_alone_open_until_their_days_keys_are_gone(shop, end):
    early = shop.copied("early")
    for key in (early / "blobs").glob(f"{PREFIX}days/*/key"):
        key.unlink()
    end(shop)
    stores, keys = [early / "blobs", shop.blobs], [*key_files(early), *key_files(shop.folder)]
    assert read(Thief(stores, keys)) == (set(ASHA) if end is by_erasure_of_the_visitor else set())
    if end is by_erasure_of_the_visitor:
        shop.pass_by()
        shop.engine.purge_expired()
        assert read(Thief(stores, keys)) == set()


def test_rotation_does_not_end_a_backup(shop):
    early = shop.copied("early")
    shop.engine.rotate_keys(reencrypt=True)
    shop.clock.advance(2 * 3_600)
    assert shop.engine.rotate_keys(reencrypt=True).data_keys_dropped
    assert read(Thief([early / "blobs"], key_files(shop.folder))) == set(ASHA)


# What the engine tells


def all_told(acme, tmp_path):
    """All that the owner of a tenant is told of its turns."""
    yield repr(list(acme.turns()))
    for who in (ASHA, RAVI):
        yield repr(list(acme.turns(visitor=told(who["visitor"]))))
        yield repr(list(acme.turns(conversation=told(who["conversation"]))))
    yield repr(acme.insights())
    for visitor in (None, told(ASHA["visitor"])):
        file = tmp_path / f"export-{time.monotonic_ns()}.zip"
        acme.export(file, visitor=visitor)
        with zipfile.ZipFile(file) as archive:
            for name in set(archive.namelist()) - {"manifest.json"}:  # which names the visitor that was asked for
                yield archive.read(name).decode()


def words_told(shop, acme, tmp_path):
    texts = list(all_told(acme, tmp_path))
    return [word for word in GONE if any(told(word) in text for text in texts)]


@pytest.mark.parametrize("end", [by_retention, by_erasure_of_the_visitor])
def test_no_verb_tells_it_and_no_prompt_holds_it(shop, end, tmp_path):
    assert set(words_told(shop, shop.acme, tmp_path)) == set(GONE)
    assert told(ASHA["unanswered"]) in repr(shop.acme.insights().unanswered)
    end(shop)
    tenants = [engine.tenant("acme") for engine in (shop.engine, shop.process())]
    assert [words_told(shop, acme, tmp_path) for acme in tenants] == [[], []]
    shop.chat.prompts.clear()
    for acme in tenants:
        acme.ask("And how do I get one?", conversation=told(ASHA["conversation"]))
    assert [word for word in GONE if told(word) in repr(shop.chat.prompts)] == []


def test_a_turn_of_today_that_was_erased_is_in_no_prompt_and_its_answer_is_not_given_again(shop):
    for kind in ("unanswered", "hindi", "question"):
        shop.ask(ASHA, kind)
    shop.chat.prompts.clear()
    shop.acme.ask("And how do I get one?", conversation=told(ASHA["conversation"]))
    assert told(ASHA["question"]) in repr(shop.chat.prompts), "it is history"
    shop.acme.erase_visitor(told(ASHA["visitor"]))
    shop.chat.prompts.clear()
    shop.acme.ask("And how do I get one?", conversation=told(ASHA["conversation"]))
    assert [word for word in GONE if told(word) in repr(shop.chat.prompts)] == []
    asked = len(shop.chat.prompts)
    shop.ask({**ASHA, "conversation": "wen"}, "question")
    assert len(shop.chat.prompts) == asked + 1


def test_an_engine_that_nobody_asks_shows_nothing_past_its_time_and_purges_where_it_maintains_itself(shop, tmp_path):
    early = shop.copied("early")
    shop.pass_by()
    for engine in (shop.engine, shop.process()):
        assert words_told(shop, engine.tenant("acme"), tmp_path) == []
    assert read(Thief([shop.blobs], key_files(shop.folder))) == set(ASHA), "nobody has purged"
    with shop.process(maintenance_every_s=0.01) as engine:
        deadline = time.monotonic() + 30
        while engine.blobs.list(f"{PREFIX}days/") and time.monotonic() < deadline:
            time.sleep(0.05)
    assert read(Thief([shop.blobs], key_files(early))) == set()


def test_a_restore_brings_nothing_back_that_is_past_its_time(shop):
    with shop.process() as engine:
        engine.back_up(shop.folder / "backup")
    shop.pass_by()
    shutil.rmtree(shop.blobs)
    assert shop.process().restore(shop.folder / "backup").findings == ()
    assert read(Thief([shop.folder / "backup" / "blobs"], key_files(shop.folder))) == set(ASHA)
    assert read(Thief([shop.blobs], key_files(shop.folder))) == set()


# What stays behind


@ENDED
def test_no_unfinished_file_stays(shop, end):
    end(shop)
    assert list((shop.blobs / ".tmp").iterdir()) == []
    assert {path.name for path in shop.keys.iterdir()} <= {"key.json", ".key.json.lock"}
    assert {path.name for path in shop.folder.iterdir()} == {"blobs", "keys", "marks"}


@ENDED
def test_what_killed_writers_left_goes_with_it(shop, end):
    """A writer that dies between the two names of a finished file leaves the one in the spool."""
    spool = shop.blobs / ".tmp"
    for number, path in enumerate(sorted((shop.blobs / PREFIX / "days").rglob("*"))):
        if path.is_file():
            os.link(path, spool / f"{number:032x}")
            os.utime(path, (time.time() - LEFTOVER_AGE_S - 60,) * 2)
    early = shop.copied("early")
    for path in (early / "blobs" / PREFIX / "days").rglob("*"):
        if path.is_file():
            path.write_bytes(b"")
    assert read(Thief([early / "blobs"], key_files(early))) == set(ASHA), "what was left is enough"
    shop.engine = shop.process()
    shop.acme = shop.engine.tenant("acme")
    end(shop)
    assert list(spool.iterdir()) == []
    assert read(Thief([shop.blobs], key_files(early))) == set()


# What stays in memory


def secrets_of_days(shop):
    """Secrets of the day keys, backwards."""
    thief = Thief([shop.blobs], key_files(shop.folder))
    return [plain[16:][::-1] for path, plain in thief.opened.items() if path.name == "key" and len(plain) == 48]


def test_before_the_end_the_process_holds_answers_questions_and_day_keys(shop):
    secrets = secrets_of_days(shop)
    shop.chat.prompts.clear()
    words = [ASHA[what] for what in (*ASKED, "answer", "order")]
    assert in_memory([*words, *secrets]).keys() >= {*words, secrets[-1]}


@ENDED
def test_nothing_of_it_stays_in_the_memory_of_the_process(shop, end):
    secrets = [] if end is by_erasure_of_the_visitor else secrets_of_days(shop)
    list(shop.acme.turns())
    shop.chat.prompts.clear()
    end(shop)
    assert in_memory([*GONE, *secrets]) == {}


def test_no_memory_that_tenants_share_keeps_a_word_of_a_question(tmp_path):
    shop = Shop(tmp_path)
    shop.chat = None
    with shop.process() as engine:
        acme = engine.tenant("acme")
        acme.ingest(f"Refunds of the lamp {told(ASHA['order'])} take 7 days.".encode(), source="lamp")
        for code in (ASHA["order"], RAVI["order"]):
            acme.ask(f"What is the price of the lamp {told(code)}, {told(ASHA['question'])}?")
            acme.ask(f"Do refunds of the lamp {told(code)} take 7 {told(ASHA['answer'])} days?")
    del acme, engine
    figures = [who["order"].partition("-")[0] for who in (ASHA, RAVI)]
    assert in_memory([ASHA["question"], ASHA["answer"], *figures]) == {}


def test_another_process_forgets_the_questions_of_a_day_when_it_has_ended(shop):
    other = shop.process()
    acme = other.tenant("acme")
    shop.ask(ASHA, "question", acme)
    shop.acme.erase_visitor(told(ASHA["visitor"]))
    shop.chat.prompts.clear()
    del acme
    assert in_memory([ASHA["question"]])
    shop.clock.advance(DAY_S)
    other.tenant("acme").search("refunds")
    other._open_tenants.sweep()
    assert in_memory(GONE) == {}
