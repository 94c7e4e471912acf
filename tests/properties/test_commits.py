"""Writers, readers, compactions, erasures, reindexings and vacuums in any order, held to a plain dict."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from konverze_core.errors import ConflictError
from konverze_core.fakes import ManualClock, MemoryBlobStore, MemoryKeyProvider
from konverze_indexes.compaction import compact
from konverze_indexes.erasure import erase_document
from konverze_indexes.index import REFRESH_S
from konverze_indexes.reindexing import reindex
from konverze_indexes.vacuum import vacuum
from tests.indexes.builders import EMBEDDING, add, document, new_index, reopened, unit_vectors
from tests.indexes.pausing import PausedWriter, PausingStore

INSTANCES = 3
GRACE_S = 100.0
MAX_PAUSED = 3
COMMITS = settings(max_examples=120, stateful_step_count=30, suppress_health_check=[HealthCheck.too_slow])

ids = st.sampled_from(["a", "b", "c"])
instances = st.integers(0, INSTANCES - 1)
graces = st.sampled_from([0.0, GRACE_S])
before_the_commit = {"part": "/commits/"}
after_the_blobs = {"part": ".text", "after": True}
places = st.sampled_from([before_the_commit, after_the_blobs])


def _content(snapshot):
    return {
        part.segment.document(position).id: part.segment.chunks_of(position)[0].text
        for part in snapshot.segments
        for position in part.live_positions()
    }


def _reindexed(index):
    reindex(index, lambda texts: unit_vectors(len(texts)), EMBEDDING)


class Commits(RuleBasedStateMachine):
    """`model` is what the newest generation holds, `history` what each one held; `paused` are writers that sleep."""

    @initialize()
    def begin(self):
        self.store_clock, self.clock = ManualClock(), ManualClock()
        self.store, self.provider = MemoryBlobStore(self.store_clock), MemoryKeyProvider()
        new_index(self.store, self.provider, clock=self.clock)
        self.indexes = [reopened(self.store, self.provider, clock=self.clock) for _ in range(INSTANCES)]
        self.model: dict[str, str] = {}
        self.history = {0: {}}
        self.paused: list[tuple[PausedWriter, dict[str, str | None]]] = []
        self.number = 0

    def _noted(self, effect):
        """Applies what a writer has acknowledged: texts by id, None for a document that is gone."""
        for id_, text in effect.items():
            self.model.pop(id_, None)
            if text is not None:
                self.model[id_] = text
        newest = reopened(self.store, self.provider, clock=self.clock).snapshot().manifest.generation
        for generation in range(max(self.history) + 1, newest + 1):
            self.history[generation] = dict(self.model)

    def _fresh(self, index, id_, *, has_original):
        self.number += 1
        item = document(id_, f"text {self.number}")
        if has_original:
            upload = f"{self.number:032x}"
            index.blobs.write("upload", f"uploads/{upload}", b"original")
            item = replace(item, document=replace(item.document, upload=upload))
        return item, f"text {self.number}"

    def _pause(self, action, effect, *, part, verb="put", after=False):
        pausing = PausingStore(self.store, part, verb=verb, after=after)
        index = reopened(pausing, self.provider, clock=self.clock)
        self.paused.append((PausedWriter(pausing, lambda: action(index)), effect))
        self._noted({})

    @rule(number=instances, id_=ids, has_original=st.booleans())
    def adds_or_replaces(self, number, id_, has_original):
        item, text = self._fresh(self.indexes[number], id_, has_original=has_original)
        add(self.indexes[number], item)
        self._noted({id_: text})

    @rule(number=instances, id_=ids)
    def deletes(self, number, id_):
        assert self.indexes[number].delete([id_]) == (id_ in self.model)
        self._noted({id_: None})

    @rule(number=instances)
    def compacts(self, number):
        compact(self.indexes[number])
        self._noted({})

    @rule(number=instances)
    def reindexes(self, number):
        _reindexed(self.indexes[number])
        self._noted({})

    @rule(number=instances, grace_s=graces)
    def vacuums(self, number, grace_s):
        vacuum(self.indexes[number], grace_s=grace_s)
        self._noted({})

    @rule(number=instances, id_=ids)
    def erases(self, number, id_):
        erase_document(self.indexes[number], id_)
        self._noted({id_: None})
        newest = self.indexes[number].refreshed()
        assert not any(segment.positions_of(id_) for segment in newest.segments_by_id.values())
        assert all(item.document_id != id_ for item in newest.manifest.tombstones)
        self._hold_store_to(newest)

    @rule(seconds=st.sampled_from([1.0, GRACE_S]))
    def time_passes(self, seconds):
        self.store_clock.advance(seconds)
        self.clock.advance(REFRESH_S)

    @precondition(lambda self: len(self.paused) < MAX_PAUSED)
    @rule(id_=ids, place=places, has_original=st.booleans())
    def pauses_a_replacement(self, id_, place, has_original):
        item, text = self._fresh(self.indexes[0], id_, has_original=has_original)
        self._pause(lambda index: add(index, item), {id_: text}, **place)

    @precondition(lambda self: len(self.paused) < MAX_PAUSED and self.model)
    @rule(data=st.data())
    def pauses_a_delete(self, data):
        id_ = data.draw(st.sampled_from(sorted(self.model)))
        self._pause(lambda index: index.delete([id_]), {id_: None}, **before_the_commit)

    @precondition(lambda self: len(self.paused) < MAX_PAUSED and self.model)
    @rule(data=st.data())
    def pauses_an_erasure(self, data):
        id_ = data.draw(st.sampled_from(sorted(self.model)))
        self._pause(lambda index: erase_document(index, id_), {id_: None}, **before_the_commit)

    @precondition(lambda self: len(self.paused) < MAX_PAUSED)
    @rule(place=places, verb=st.sampled_from([compact, _reindexed]))
    def pauses_a_rewriting(self, place, verb):
        self._pause(verb, {}, **place)

    @precondition(lambda self: len(self.paused) < MAX_PAUSED)
    @rule(
        grace_s=graces,
        place=st.sampled_from(
            [
                before_the_commit,
                {"part": "/vacuum", "after": True},
                {"part": "/segments/", "verb": "delete"},
                {"part": "/commits/", "verb": "delete"},
            ]
        ),
    )
    def pauses_a_vacuum(self, grace_s, place):
        self._pause(lambda index: vacuum(index, grace_s=grace_s), {}, **place)

    @precondition(lambda self: self.paused)
    @rule(data=st.data())
    def wakes(self, data):
        self._wake(data.draw(st.integers(0, len(self.paused) - 1)))

    def _wake(self, place):
        writer, effect = self.paused.pop(place)
        try:
            writer.finish()
        except ConflictError as error:
            effect = {}
            if "ingest again" not in str(error):
                raise
        self._noted(effect)

    def _hold_store_to(self, newest):
        """After a vacuum without grace, where nobody sleeps: one commit, and nothing but what it names."""
        if self.paused:
            return
        names = newest.manifest.segments
        stored = [name.split("/")[2] for name in self.store.list("tenants/")]
        originals = {part.segment.document(p).upload for part, p in newest.live_versions().values()} - {""}
        assert stored.count("commits") == min(1, newest.manifest.generation)
        assert stored.count("segments") == 2 * len(names)
        assert stored.count("uploads") == len(originals)

    @invariant()
    def every_generation_is_what_was_acknowledged(self):
        if not hasattr(self, "model"):
            return
        for index in self.indexes:
            snapshot = index.snapshot()
            assert _content(snapshot) == self.history[snapshot.manifest.generation]
        fresh = reopened(self.store, self.provider, clock=self.clock).snapshot()
        assert fresh.manifest.generation == max(self.history)
        assert _content(fresh) == self.model
        segments = fresh.manifest.segments
        assert not {name for entry in segments for name in (entry.hot_name, entry.text_name)} & set(
            fresh.manifest.condemned
        )
        for part, position in fresh.live_versions().values():
            row = part.segment.document(position)
            assert not row.upload or self.indexes[0].blobs.read("upload", row.original).tobytes() == b"original"

    def teardown(self):
        if not hasattr(self, "model"):
            return
        while self.paused:
            self._wake(0)
        self.every_generation_is_what_was_acknowledged()
        vacuum(self.indexes[0], grace_s=0)
        self._noted({})
        for index in self.indexes:
            assert _content(index.refreshed()) == self.model
        self._hold_store_to(self.indexes[0].refreshed())


Commits.TestCase.settings = COMMITS
TestCommits = Commits.TestCase
