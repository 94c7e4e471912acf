import base64
import re
from html.parser import HTMLParser

import numpy as np
import pytest

import konverze_rag as kr
from konverze_rag.tuning.candidates import NONE, Candidate
from konverze_rag.tuning.measuring.answer_figures import refusals_of
from konverze_rag.tuning.measuring.comparing import Comparison
from konverze_rag.tuning.questions.question_set import Passage, Question, QuestionSet
from konverze_rag.tuning.settings_files import read_settings
from konverze_rag.tuning.showing import report
from konverze_rag.tuning.showing.page import HIT_CHARS, SHOWN_HITS, note, section, table
from konverze_rag.tuning.showing.page import page as page_of
from konverze_rag.tuning.showing.report import comparison_page, evaluation_page, sweep_page
from konverze_rag.tuning.space import SearchSpace
from konverze_rag.tuning.sweep import Sweep
from konverze_rag.tuning.workbench import Workbench
from tests.rag.tuning.findings import AT, answers, evaluation, hit, question_set, sweep, trial

HOSTILE = """<script>alert(1)</script>"'><img src=x onerror=alert(1)> &lt;script&gt;"""
TAGS = set(
    "html head meta title style body h1 h2 h3 h4 p section div table tr th td pre figure img ol li b i mark".split()  # noqa: SIM905
)
PNG = b"\x89PNG\r\n\x1a\n"


class Page(HTMLParser):
    """What a browser would make of a page: its tags, the texts within each, and its pictures."""

    VOID = ("meta", "img")

    def __init__(self, page):
        super().__init__(convert_charrefs=True)
        self.texts, self.pictures, self.rows, self.open = {}, [], [], []
        self.feed(page)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        facts = dict(attrs)
        assert tag in TAGS
        assert facts.keys() <= {"charset", "http-equiv", "content", "name", "class", "dir", "width", "alt", "src"}
        if tag == "img":
            head, data = facts["src"].split(",")
            assert head == "data:image/png;base64"
            self.pictures.append(base64.b64decode(data, validate=True))
        if tag not in self.VOID:
            self.open.append(tag)
            self.texts.setdefault(tag, []).append("")
        if tag == "tr":
            self.rows.append([])
        if tag in {"td", "th"}:
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        for tag in set(self.open):
            self.texts[tag][-1] += data
        if self.open and self.open[-1] in {"td", "th"}:
            self.rows[-1][-1] += data

    @property
    def said(self):
        return "\n".join(self.texts["body"])


def read(page):
    """The page, after what holds for all."""
    assert page.startswith("<!doctype html>")
    assert "default-src 'none'; style-src 'unsafe-inline'; img-src data:" in page
    found = Page(page)
    words = re.sub(r"base64,[\w+/=]+", "", page)  # in a picture, any letters may stand behind each other
    assert not re.search(r"https?:|url\(|@import|href|<link", words)
    assert all(picture.startswith(PNG) for picture in found.pictures)
    return found


def read_text(text, folder):
    (folder / "settings.toml").write_text(text)
    return read_settings(folder / "settings.toml")


def test_a_sweep_is_sorted_by_its_metric_with_the_settings_that_changed():
    found = sweep(12)
    page = read(sweep_page(found))
    head, *rows = page.rows[next(place for place, row in enumerate(page.rows) if row[0] == "trial") :]
    assert head == [
        *("trial", "chunk_tokens", "dense_weight", "ndcg@10", "p50 ms", "p99 ms", "chunks", "remarks"),
        *("recall@10", "hit@10", "mrr@10"),
    ]
    ranked = sorted(found.trials, key=lambda one: -one.mean("ndcg@10"))
    assert [row[0] for row in rows] == [f"#{one.number}" for one in ranked]
    [best] = [row for row in rows if row[0] == f"#{found.best().number}"]
    assert best[3].startswith(f"{found.best().mean('ndcg@10'):.3f} [")
    assert best[4:6] == [f"{found.best().latency_ms(share):.2f}" for share in (0.5, 0.99)]
    [served] = [row for row in rows if row[0] == "#0"]
    assert served[1:3] == ["", ""]
    assert served[7].startswith("as served")
    assert "chosen" in best[7]
    assert [row[0] for row in rows if "front" in row[7]] == [
        f"#{one.number}" for one in sorted(found.front(), key=lambda one: -one.mean("ndcg@10"))
    ]
    assert len(page.pictures) == 2


def test_a_sweep_tells_its_choice_and_what_it_gains(tmp_path):
    found = sweep(12)
    page = read(sweep_page(found))
    for name, value in found.best().candidate.changes.items():
        assert [name, f"{value:g}"] in page.rows
    gain = found.best().mean("ndcg@10") - found.trials[0].mean("ndcg@10")
    assert f"ndcg@10 {gain:+.3f} [" in page.said
    assert "against the tenant as it is served." in page.said
    assert read_text(page.texts["pre"][0], tmp_path) == found.best().candidate.settings
    other = read(sweep_page(found, best=found.trials[0]))
    assert "no setting changes" in other.said
    assert "pre" not in other.texts


def test_a_trial_that_failed_is_last_and_says_why():
    found = sweep(4)
    failed = trial(4, error=HOSTILE, changes={"chunk_tokens": 999})
    found = Sweep(
        questions=found.questions, metric="ndcg@10", trials=(*found.trials, failed), generation=1, finished_at=AT
    )
    page = read(sweep_page(found))
    assert page.rows[-1] == ["#4", "999", "", "–", "–", "–", "0", HOSTILE, "–", "–", "–"]
    with pytest.raises(kr.ConfigError):
        sweep_page(Sweep(questions=found.questions, metric="x", trials=found.trials, generation=1, finished_at=AT))


def test_a_long_sweep_says_what_it_leaves_out(monkeypatch):
    monkeypatch.setattr(report, "SHOWN_TRIALS", 5)
    page = read(sweep_page(sweep(12, questions=20)))
    assert len([row for row in page.rows if row[0].startswith("#")]) == 5
    assert "7 trials with lower means are not shown" in page.said


def test_an_evaluation_shows_the_lowest_first_with_what_was_found():
    found = evaluation(9)
    page = read(evaluation_page(found))
    order = np.argsort(found.scores["ndcg@10"], kind="stable")
    assert page.texts["h3"] == [found.questions.questions[place].text for place in order]
    assert page.texts["mark"] == [f"answer {place}" for place in order]
    assert next(row for row in page.rows if row[0] == "ndcg@10")[1].startswith(f"{found.mean('ndcg@10'):.3f} [")
    assert "9 questions of shop · generation 7 · 2026-11-30 06:30 UTC · 1,234 chunks" in page.said
    assert len(page.pictures) == 1


def test_hits_say_rank_score_document_heading_and_page():
    questions = question_set(1)
    hits = (
        hit("doc9", "Nothing.", score=0.75, heading="Terms › Refunds", page=3),
        hit("doc0", "Here: answer 0.", score=0.5),
    )
    page = read(evaluation_page(evaluation(1, questions=questions, hits=(hits,))))
    assert "1 · doc9 · score 0.75 · Terms › Refunds · page 3" in page.said
    assert "2 · doc0 · score 0.5 · relevant, grade 1" in page.said


def test_long_texts_and_many_hits_and_questions_are_cut_and_said_so(monkeypatch):
    monkeypatch.setattr(report, "SHOWN_QUESTIONS", 2)
    hits = tuple(tuple(hit(text="x" * 3000) for _ in range(SHOWN_HITS + 2)) for _ in range(3))
    page = read(evaluation_page(evaluation(3, hits=hits)))
    assert len(page.texts["h3"]) == 2
    assert "2 of 3 are shown." in page.said
    assert len(page.texts["li"]) == 2 * SHOWN_HITS
    assert "2 more hits" in page.said
    assert f"… {3000 - HIT_CHARS:,} characters …" in page.said


def test_answers_stand_beside_what_they_rest_on():
    told = answers(20)
    found = evaluation(20, questions=told.questions)
    found.scores["ndcg@10"][1::2] = np.nan
    page = read(evaluation_page(found, answers=told))
    assert len(page.pictures) == 3
    assert "It is answer 0 [1]." in page.said
    means = {row[0]: row[1] for row in page.rows}
    assert "cost" not in means
    assert means["input tokens"] == f"{told.input_tokens.mean():,.4g}"
    assert means["F1 of refusing"] == f"{refusals_of(told).f1:.3f}"
    wrong = [
        f"{question.id} · {'unanswerable, answered' if question.is_unanswerable else 'answerable, refused'}"
        for question, refused in zip(told.questions, told.scores["refused"], strict=True)
        if refused != question.is_unanswerable
    ]
    assert 0 < len(wrong) < 20
    assert [line for line in page.texts["p"] if "able, " in line and " · " in line] == wrong
    assert f"or answered though not: {len(wrong)}. All {len(wrong)} are shown." in page.said
    assert means["citation_recall"] == "0.500 [0.500, 0.500]"
    with pytest.raises(kr.ConfigError, match="other questions"):
        evaluation_page(evaluation(20), answers=told)


def test_an_evaluation_that_judges_nothing_still_has_a_page():
    questions = QuestionSet(name="far", questions=(Question(id="1", text="Why?", is_unanswerable=True),))
    found = evaluation(1, questions=questions)
    for scores in found.scores.values():
        scores[:] = np.nan
    assert read(evaluation_page(found)).pictures == []


def test_a_comparison_shows_the_hits_of_what_changed_side_by_side():
    before, after = evaluation(12), evaluation(12, seed=1, candidate=Candidate(embedder="small"))
    page = read(comparison_page(before, after, "ndcg@10"))
    known = Comparison.of(before, after, metric="ndcg@10")
    assert page.texts["h3"] == [one.question.text for one in known.changes]
    assert page.texts["h4"] == ["before", "after"] * len(known.changes)
    assert page.texts["mark"] == [one.question.answers[0] for one in known.changes for _ in "ba"]
    first = known.changes[0]
    signed = f"{first.gain:+.3f}".replace("-", "−")
    assert f"ndcg@10 {first.before:.3f} → {first.after:.3f} ({signed}) · {first.question.id}" in page.said
    assert f"p = {known.difference.p_value:.4f}, 12 questions judged in both" in page.said
    assert "after: embedder=small" in page.said
    assert len(page.pictures) == 2


def test_a_comparison_of_equals_has_no_change():
    page = read(comparison_page(evaluation(4), evaluation(4), "ndcg@10"))
    assert "No question's ndcg@10 differs." in page.said
    with pytest.raises(kr.ConfigError, match="different questions"):
        comparison_page(evaluation(4), evaluation(5), "ndcg@10")


def test_nothing_of_a_stranger_can_act():
    questions = QuestionSet(
        name=HOSTILE,
        questions=tuple(
            Question(id=f"{place}{HOSTILE}", text=f"{place}{HOSTILE}", answers=(HOSTILE,)) for place in range(3)
        ),
    )
    hits = ((hit(HOSTILE, f"so: {HOSTILE}!", heading=HOSTILE),),) * 3
    candidate = Candidate(embedder=HOSTILE, where=HOSTILE)
    one, other = (evaluation(3, seed=seed, questions=questions, hits=hits, candidate=candidate) for seed in (0, 1))
    for page in (read(evaluation_page(one)), read(comparison_page(one, other, "ndcg@10"))):
        assert page.said.count(HOSTILE) >= 9
        assert set(page.texts["mark"]) == {HOSTILE}
    served = trial(0, questions=3)
    changed = trial(1, questions=3, mean=0.9)
    changed = type(changed)(
        number=1, candidate=candidate, scores=changed.scores, latencies_ms=changed.latencies_ms, chunks=4
    )
    found = Sweep(questions=questions, metric="ndcg@10", trials=(served, changed), generation=1, finished_at=AT)
    assert HOSTILE in read(sweep_page(found, best=changed)).said


def test_every_part_of_a_page_takes_text():
    parts = [section(HOSTILE, table([HOSTILE], [[HOSTILE]])), note(HOSTILE)]
    page = read(page_of(HOSTILE, [HOSTILE], parts))
    assert all(page.texts[tag] == [HOSTILE] for tag in ("title", "h1", "h2", "th", "td"))
    assert page.texts["p"] == [HOSTILE, HOSTILE]


def test_equal_results_are_equal_pages():
    assert sweep_page(sweep(5)) == sweep_page(sweep(5))


def test_what_a_workbench_finds_is_shown(acme):
    acme.ingest(
        {
            "refunds.md": b"# Refunds\n\nA refund is paid within seven working days.\n",
            "timings.md": "# समय\n\nदुकान सोमवार से शनिवार तक खुली रहती है।\n".encode(),
        }
    )
    questions = QuestionSet(
        name="shop",
        questions=(
            Question(
                id="1", text="When is a refund paid?", relevant={"refunds.md": 1}, answers=("seven working days",)
            ),
            Question(
                id="2", text="दुकान कब खुली रहती है?", passages=(Passage(document_id="timings.md", text="शनिवार तक"),)
            ),
            Question(id="3", text="Do you sell helicopters?", is_unanswerable=True),
        ),
    )
    with Workbench(acme) as bench:
        served, words = bench.evaluate(questions), bench.evaluate(questions, Candidate(embedder=NONE))
        page = read(evaluation_page(served, answers=bench.ask(questions)))
        assert {"seven working days", "शनिवार तक"} <= set(page.texts["mark"])
        assert "Refunds" in page.said
        assert len(page.pictures) == 3
        assert "2 questions judged in both" in read(comparison_page(served, words, "ndcg@10")).said
        page = read(sweep_page(bench.sweep(questions, SearchSpace.of({"chunk_tokens": [64, 128]}))))
        assert sorted(row[0] for row in page.rows if row[0].startswith("#")) == ["#0", "#1", "#2"]
