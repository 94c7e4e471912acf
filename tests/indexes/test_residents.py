"""The cache of decrypted indexes against a plain model of SIEVE, and what it does beyond that."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from konverze_indexes.residents import Residents


class Index:
    """Something that takes room."""

    def __init__(self, size_bytes):
        self.uses = 0
        self.resident_bytes = size_bytes
        self.is_there = False

    def release(self):
        self.is_there = False

    def drop_if_idle(self):
        pass

    def ask(self, residents):
        if self.is_there:
            self.uses += 1
        else:
            self.is_there = True
            residents.keep(self)


class Sieve:
    """The paper's pseudocode over a list, newest first; sizes beside it."""

    def __init__(self, budget, sizes):
        self.budget, self.sizes, self.line, self.visited, self.hand = budget, sizes, [], {}, None

    def ask(self, item):
        if item in self.line:
            self.visited[item] = True
            return
        while sum(self.sizes[one] for one in self.line) + self.sizes[item] > self.budget:
            self.evict()
        self.line.insert(0, item)
        self.visited[item] = False

    def evict(self):
        place = self.line.index(self.hand) if self.hand is not None else len(self.line) - 1
        while self.visited[self.line[place]]:
            self.visited[self.line[place]] = False
            place = place - 1 if place > 0 else len(self.line) - 1
        self.hand = self.line[place - 1] if place > 0 else None
        del self.line[place]


@given(
    sizes=st.lists(st.integers(1, 10), min_size=2, max_size=8),
    asked=st.lists(st.integers(0, 7), max_size=80),
    budget=st.integers(10, 30),
)
def test_who_stays_is_who_stays_in_the_papers_algorithm(sizes, asked, budget):
    residents, model = Residents(budget), Sieve(budget, sizes)
    indexes = [Index(size) for size in sizes]
    for number in asked:
        item = number % len(sizes)
        indexes[item].ask(residents)
        model.ask(item)
        inside = {place for place, index in enumerate(indexes) if index.is_there}
        assert inside == set(model.line)
        stats = residents.stats()
        assert stats.resident_bytes == sum(sizes[one] for one in inside) <= budget
        assert stats.resident_tenants == len(inside)
    assert stats.hits + stats.misses == len(asked) if asked else True


def test_an_index_that_grows_makes_others_leave_and_stays_itself():
    residents = Residents(100)
    first, second, third = (Index(30) for _ in range(3))
    for index in (first, second, third):
        index.ask(residents)
    second.resident_bytes = 60
    residents.weigh(second)
    assert [index.is_there for index in (first, second, third)] == [False, True, True]
    assert residents.stats().resident_bytes == 90


@pytest.mark.parametrize("grows", [False, True])
def test_one_larger_than_the_budget_drives_nobody_out_and_is_the_first_to_go(grows):
    residents = Residents(100)
    small, large, other, larger = Index(60), Index(10 if grows else 500), Index(30), Index(600)
    small.ask(residents)
    large.ask(residents)
    large.resident_bytes = 500
    residents.sweep()
    assert small.is_there
    assert large.is_there
    large.ask(residents)
    assert residents.stats().resident_bytes == 560
    other.ask(residents)
    assert [index.is_there for index in (small, large, other)] == [True, False, True]
    larger.ask(residents)
    large.ask(residents)
    assert [index.is_there for index in (small, large, other, larger)] == [True, True, True, False]


def test_what_leaves_by_itself_is_counted_no_more():
    residents = Residents(100)
    index = Index(40)
    index.ask(residents)
    index.ask(residents)
    residents.drop(index)
    residents.drop(index)
    assert not index.is_there
    residents.weigh(index)
    stats = residents.stats()
    assert (stats.resident_bytes, stats.resident_tenants, stats.hits, stats.misses, stats.evictions) == (0, 0, 1, 1, 0)
