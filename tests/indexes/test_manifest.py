"""Names of commits: which generation they stand for, and what is none."""

from __future__ import annotations

import pytest

from konverze_core.errors import IntegrityError
from konverze_indexes.manifest import MAX_GENERATION, commit_name, generation_of

NEWEST = commit_name(7)
DIGITS = NEWEST.removeprefix("commits/")


@pytest.mark.parametrize("generation", [1, 7, 10**18, MAX_GENERATION])
def test_a_name_tells_its_generation(generation):
    name = commit_name(generation)
    assert generation_of(name) == generation
    assert generation_of(f"tenants/{'a' * 26}/{name}") == generation


@pytest.mark.parametrize(
    "name",
    [
        "commits/-x",
        f"commits/-{DIGITS[1:]}",
        f"{NEWEST}.bak",
        f"{NEWEST}0",
        NEWEST[:-1],
        f"{NEWEST}/{DIGITS}",
        f"{NEWEST}\n",
        "commits/9" + DIGITS[1:],
        "commits/" + "\u0661" * 20,
        "commits/0_" + DIGITS[2:],
        "commits/",
        "commits/x",
        f"segments/{DIGITS}",
        f"x{NEWEST}",
        DIGITS,
    ],
)
def test_a_stray_name_among_commits_is_named(name):
    with pytest.raises(IntegrityError) as caught:
        generation_of(name)
    assert str(caught.value) == f"{name} is no commit, but stands among them"
