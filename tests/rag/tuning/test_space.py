import pytest

import konverze_rag as kr
from konverze_rag.tuning.candidates import Candidate
from konverze_rag.tuning.space import MAX_GRID, Between, SearchSpace


def test_a_grid_has_all_combinations_in_order():
    space = SearchSpace.of({"chunk_tokens": [128, 256], "embedder": ["", "none"]})
    assert [one.changes for one in space.grid()] == [
        {"chunk_tokens": 128},
        {"chunk_tokens": 128, "embedder": "none"},
        {"chunk_tokens": 256},
        {"chunk_tokens": 256, "embedder": "none"},
    ]


def test_the_default_space_has_sixty_candidates():
    assert len(SearchSpace.default().grid()) == 60


def test_a_large_grid_is_drawn_from_by_seed_and_never_twice_the_same():
    space = SearchSpace.of({"chunk_tokens": list(range(64, 264)), "fusion": ["convex", "rrf"]})
    drawn = space.grid(10, seed=3)
    assert drawn == space.grid(10, seed=3)
    assert drawn != space.grid(10, seed=4)
    assert len({one.digest for one in drawn}) == 10


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, "one setting at least"),
        ({"chunk_size": [128]}, "chunk_size"),
        ({"chunk_tokens": []}, "no value"),
        ({"chunk_tokens": [128, "many"]}, "chunk_tokens"),
        ({"chunk_tokens": [1]}, "chunk_tokens"),
        ({"dense_weight": Between(-1.0, 1.0)}, "dense_weight"),
    ],
)
def test_a_space_that_cannot_be_searched_is_an_error_that_says_why(values, said):
    with pytest.raises(kr.ConfigError, match=said):
        SearchSpace.of(values)


@pytest.mark.parametrize(("low", "high", "is_log"), [(1, 1, False), (2, 1, False), (0.0, 1.0, True)])
def test_numbers_lie_between_a_low_and_a_high_one(low, high, is_log):
    with pytest.raises(kr.ConfigError):
        Between(low, high, is_log=is_log)


def test_a_grid_wants_lists():
    with pytest.raises(kr.ConfigError, match="tpe"):
        SearchSpace.of({"dense_weight": Between(0.0, 1.0)}).grid()


def test_a_grid_is_bounded():
    numbers = list(range(16, 16 + 400))
    with pytest.raises(kr.ConfigError, match=str(MAX_GRID)):
        SearchSpace.of({"chunk_tokens": numbers, "parent_tokens": numbers}).grid()


def test_reads_a_space_from_toml(tmp_path):
    file = tmp_path / "space.toml"
    file.write_text(
        "chunk_tokens = [128, 256]\ndense_weight = { low = 0.1, high = 1.0, log = true }\nstemming = [true]\n"
    )
    assert SearchSpace.from_toml(file).choices == {
        "chunk_tokens": (128, 256),
        "dense_weight": Between(0.1, 1.0, is_log=True),
        "stemming": (True,),
    }


@pytest.mark.parametrize("text", ["chunk_tokens = ", "chunk_tokens = 128", "chunk_tokens = { low = 1 }", "\ud800"])
def test_a_file_that_tells_no_space_is_named(tmp_path, text):
    file = tmp_path / "space.toml"
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(kr.ConfigError, match=r"space\.toml"):
        SearchSpace.from_toml(file)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(kr.ConfigError, match=r"nowhere\.toml"):
        SearchSpace.from_toml(tmp_path / "nowhere.toml")


def test_a_candidate_is_told_by_what_it_changes():
    candidate = Candidate(
        settings=kr.TenantSettings(chunk_tokens=128, dense_weight=0.5), embedder="small", stemming=False
    )
    assert candidate.label == "chunk_tokens=128, dense_weight=0.5, embedder=small, stemming=False"
    assert Candidate().label == "as served"
    assert candidate.digest != Candidate().digest
