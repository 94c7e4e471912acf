import string
import tomllib
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import konverze_rag as kr
from konverze_rag.tuning.candidates import Candidate
from konverze_rag.tuning.questions.question_set import Question, QuestionSet
from konverze_rag.tuning.settings_files import evidence_of, is_cut_anew, read_settings, settings_with, write_settings
from konverze_rag.tuning.sweep import Sweep, Trial

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
SHARES = st.floats(0, 1)
WEIGHTS = st.floats(0, allow_infinity=False)
COUNTS = st.integers(0, 1 << 62)
VALUES = {
    "mode": st.sampled_from(["grounded", "assisted"]),
    "persona": TEXT,
    "tone": TEXT,
    "answer_language": TEXT,
    "refusal_text": TEXT,
    "chunker": st.sampled_from(["tokens", "sentences", "parents", "rows", "semantic"]),
    "chunk_tokens": st.integers(16, 8_000),
    "chunk_overlap_tokens": COUNTS,
    "parent_tokens": st.integers(16, 32_000),
    "retrieval_k": st.integers(1, 100),
    "fusion": st.sampled_from(["convex", "rrf"]),
    "dense_weight": WEIGHTS,
    "lexical_weight": WEIGHTS,
    "relevance_weight": SHARES,
    "answerable_score": SHARES,
    "link_hosts": st.lists(TEXT).map(tuple),
    "redact": st.lists(st.sampled_from(list(kr.PersonalData))).map(tuple),
    "answer_cache_size": st.integers(0, 10_000),
    "daily_tokens": st.integers(1, 1 << 62),
    "daily_cost": st.floats(0, exclude_min=True, allow_infinity=False),
    "max_documents": COUNTS,
    "max_stored_bytes": COUNTS,
    "daily_ingests": COUNTS,
    "visitor_asks_per_minute": st.integers(1, 100_000),
    "redaction_keeps": st.lists(TEXT).map(tuple),
    "history_turns": st.integers(0, 50),
    "max_output_tokens": st.integers(16, 1 << 62),
    "retention_days": st.integers(1, 36_500),
}
SETTINGS = st.fixed_dictionaries({}, optional=VALUES).map(lambda values: kr.TenantSettings(**values))
LINES = st.lists(st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from(string.whitespace)))
QUESTIONS = QuestionSet(
    name="shop",
    questions=tuple(Question(id=str(i), text=f"secret question {i}", answers=("secret answer",)) for i in range(4)),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("settings")


@pytest.fixture
def sweep():
    def trial(number, scores, **changes):
        return Trial(
            number=number,
            candidate=Candidate(**changes),
            scores={"hit@1": np.array(scores), "map@5": np.array([0.5, np.nan, 0.5, 0.5]), "none": np.full(4, np.nan)},
            latencies_ms=np.full(4, number + 1.0),
        )

    return Sweep(
        questions=QUESTIONS,
        metric="hit@1",
        trials=(
            trial(0, [0.0, 0.0, 0.0, 1.0]),
            trial(1, [1.0, 1.0, 0.0, 1.0], settings=kr.TenantSettings(dense_weight=0.5), embedder="small"),
        ),
        generation=12,
        finished_at=datetime(2026, 3, 4, 5, 6, tzinfo=UTC),
    )


def test_every_setting_of_a_tenant_is_tried():
    assert VALUES.keys() == kr.TenantSettings.model_fields.keys()


@given(SETTINGS, LINES)
def test_what_is_written_is_read_again(folder, settings, evidence):
    write_settings(folder / "any.toml", settings, evidence, may_replace=True)
    assert read_settings(folder / "any.toml") == settings


def test_a_file_is_for_people(tmp_path):
    settings = kr.TenantSettings(persona="आप Acme हैं।\n", dense_weight=0.5, link_hosts=("*.acme.example",))
    write_settings(tmp_path / "best.toml", settings, ["Chosen by hand."])
    assert (tmp_path / "best.toml").read_text("utf-8") == (
        "# Chosen by hand.\n"
        "\n"
        "# Who the bot is, in a sentence or two of the system prompt.\n"
        'persona = "आप Acme हैं।\\n"\n'
        "\n"
        "# Weight of the dense leg in hybrid search.\n"
        "dense_weight = 0.5\n"
        "\n"
        "# Hosts that links and images in answers may lead to; `*.acme.example` for all below one, `*` for all.\n"
        "# An address that stands in a source stays, as plain text; all others are taken out.\n"
        'link_hosts = ["*.acme.example"]\n'
    )


def test_each_setting_has_its_meaning_above_it(tmp_path):
    values = {name: getattr(kr.Settings(), name) for name in kr.TenantSettings.model_fields}
    lines = {"answerable_score": 0.5, "parent_tokens": 64, "refusal_text": "No.", "daily_tokens": 1, "daily_cost": 1}
    limits = dict.fromkeys(("max_documents", "max_stored_bytes", "daily_ingests", "visitor_asks_per_minute"), 1)
    write_settings(tmp_path / "all.toml", kr.TenantSettings(**{**values, **lines, **limits}))
    text = (tmp_path / "all.toml").read_text("utf-8")
    for part in text.strip().split("\n\n"):
        assert part.splitlines()[0].startswith("# "), part
    assert tomllib.loads(text).keys() == kr.TenantSettings.model_fields.keys()


def test_a_file_is_not_replaced_unless_that_is_allowed(tmp_path):
    place = tmp_path / "best.toml"
    write_settings(place, kr.TenantSettings(retrieval_k=3))
    with pytest.raises(kr.ConfigError, match=r"best\.toml: stands there already"):
        write_settings(place, kr.TenantSettings(retrieval_k=4))
    assert read_settings(place).retrieval_k == 3
    write_settings(place, kr.TenantSettings(retrieval_k=4), may_replace=True)
    assert read_settings(place).retrieval_k == 4


def test_a_folder_that_is_missing_is_told(tmp_path):
    with pytest.raises(kr.ConfigError, match=r"best\.toml: cannot be written"):
        write_settings(tmp_path / "nowhere" / "best.toml", kr.TenantSettings())


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"dense_weight = -1.0", "dense_weight"),
        (b"chunker = 'tokens'\nretrieval_k = 'canary'", "retrieval_k"),
        (b"canaries = 3", "canaries"),
        (b"[mode]\nx = 1", "mode"),
        (b"dense_weight", "no TOML"),
        (b"tone = '\xff'", "no TOML"),
        (b"#" * 1_000_001, "1000000 bytes"),
    ],
)
def test_a_wrong_file_is_named_with_what_is_wrong(tmp_path, content, words):
    (tmp_path / "mine.toml").write_bytes(content)
    with pytest.raises(kr.ConfigError, match=rf"mine\.toml: .*{words}") as caught:
        read_settings(tmp_path / "mine.toml")
    assert "'canary'" not in str(caught.value)


def test_a_missing_file_is_named():
    with pytest.raises(kr.ConfigError, match=r"none\.toml: cannot be read"):
        read_settings("none.toml")


def test_the_evidence_tells_what_a_choice_rests_on(sweep):
    lines = evidence_of(sweep, sweep.trials[1])
    text = "\n".join(lines)
    for said in ("2 trials", "hit@1", "2026-03-04 05:06 UTC", "shop, 4", QUESTIONS.digest, "generation 12"):
        assert said in text
    assert kr.__version__ in text
    assert any(line.startswith("  hit@1: 0.25 [") and ", then 0.75 [" in line for line in lines)
    assert "beside these settings: embedder=small." in text
    assert "1.0 ms before, 2.0 ms after" in text
    assert "none" not in text
    assert "secret" not in text


def test_what_a_sweep_did_not_touch_stays():
    own = kr.TenantSettings(persona="You answer for Acme.", dense_weight=0.1)
    candidate = Candidate(settings=kr.TenantSettings(dense_weight=0.5, fusion="rrf"))
    together = kr.TenantSettings(persona="You answer for Acme.", dense_weight=0.5, fusion="rrf")
    assert settings_with(own, candidate) == together


def test_documents_that_are_cut_otherwise_have_to_be_ingested_again(sweep):
    assert not is_cut_anew(sweep.trials[1].candidate)
    cut = replace(sweep.trials[1], candidate=Candidate(settings=kr.TenantSettings(chunk_tokens=64)))
    assert "ingested again" in "\n".join(evidence_of(sweep, cut))
    assert "ingested again" not in "\n".join(evidence_of(sweep, sweep.trials[1]))


def test_the_tenant_as_it_is_served_may_be_the_best(sweep):
    text = "\n".join(evidence_of(replace(sweep, trials=sweep.trials[:1]), sweep.trials[0]))
    assert "beside these settings" not in text
    assert "hit@1: 0.25" in text
