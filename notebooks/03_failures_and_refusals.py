import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="03 Failures and refusals")

with app.setup:
    import tempfile
    from html import escape
    from pathlib import Path

    import marimo as mo
    import numpy as np
    import pandas as pd
    from matplotlib.figure import Figure

    import konverze_rag as kr
    from konverze_rag import tuning
    from konverze_rag.tuning.measuring.scoring import finds
    from konverze_rag.tuning.showing import pictures
    from konverze_rag.tuning.showing.page import hit_list
    from konverze_rag.tuning.showing.report import comparison_page

    SIDE_HITS, SIDE_CHANGES = 3, 4
    UNNUMBERED = '<ol style="list-style:none;padding:0">'  # each hit tells its rank
    TWO_COLUMNS = "display:grid;grid-template-columns:1fr 1fr;gap:1.5rem;font-size:13px"


@app.cell(hide_code=True)
def _():
    mo.md("""
    # 03 · Reading failures, and calibrating refusals

    A mean says that something is wrong; only single questions say what. This notebook reads the questions that fail
    or change, and then sets the threshold below which the bot says "I could not find that".
    """)
    return


@app.cell
def _():
    folder = tempfile.TemporaryDirectory(prefix="konverze-")
    settings = kr.Settings(openai_api_key=None, openai_base_url=None, embeddings="local")
    engine = kr.Engine.open(folder.name, settings=settings)
    acme = engine.tenant("acme")
    demo = Path(kr.__file__).parent / "demo_documents"
    report = acme.sync(demo, label="street", include=["lotus-kitchenware/*", "monsoon-travels/*"])
    assert not report.failed
    questions = tuning.QuestionSet.from_jsonl(Path(__file__).parent / "questions.jsonl", name="visitors' questions")
    bench = tuning.Workbench(acme)
    return acme, bench, questions


@app.cell(hide_code=True)
def _():
    mo.md("""
    ## Why did it fail?

    For each question that is not answered by the first hit: where the passage stands, and where each leg has it.

    | what you see | what it means | what to do |
    | --- | --- | --- |
    | high in the dense leg, not in the lexical one | other words, or another language | raise `dense_weight` |
    | high in the lexical leg, low in the dense one | a code, a name, a number | raise `lexical_weight` |
    | low in both | the chunk says many things | smaller chunks; better headings; a synonym in the text |
    | no rank at all | it is below the first ten, or was not read | `01_first_look.py` |
    """)
    return


@app.cell
def _(bench, questions):
    served = bench.evaluate(questions)

    def found_at(question, hits):
        """The first hit that shows a passage of the question, with its rank; None where none does."""
        ranked = enumerate(hits, 1)
        return next((one for one in ranked if any(finds(one[1].chunk, part) for part in question.passages)), None)

    rows = []
    for _question, _hits in zip(questions, served.hits, strict=True):
        if _question.is_unanswerable:
            continue
        _rank, _hit = found_at(_question, _hits) or (None, None)
        rows.append(
            {
                "question": _question.text,
                "document": Path(_question.passages[0].document_id).name,
                "rank": _rank,
                "dense rank": _hit and _hit.explain.dense_rank,
                "lexical rank": _hit and _hit.explain.lexical_rank,
                "first hit": Path(_hits[0].chunk.document_id).name,
            }
        )
    failures = pd.DataFrame(rows).query("rank != 1").sort_values("rank", ignore_index=True)
    failures.astype(dict.fromkeys(["rank", "dense rank", "lexical rank"], "Int64"))
    return (served,)


@app.cell(hide_code=True)
def _():
    mo.md("""
    ## What does another setting change?

    Choose one, and look at single questions. The mean may stay where it is while ten questions win and ten others
    lose: then the setting is a matter of which visitors you care for.
    """)
    return


@app.cell
def _():
    settings_by_name = {
        "more weight on meaning": tuning.Candidate(settings=kr.TenantSettings(dense_weight=1.5)),
        "words alone": tuning.Candidate(embedder=tuning.NONE),
        "smaller chunks": tuning.Candidate(settings=kr.TenantSettings(chunk_tokens=96)),
        "a row of a table a chunk": tuning.Candidate(settings=kr.TenantSettings(chunker="rows")),
    }
    other = mo.ui.dropdown(settings_by_name, value="more weight on meaning", label="compared with")
    other
    return (other,)


@app.cell
def _(bench, other, questions, served):
    changed = bench.evaluate(questions, other.value)
    comparison = tuning.Comparison.of(served, changed, metric="ndcg@10")
    _figure = pictures.changes(comparison) if comparison.changes else "No question changes."
    _figure
    return changed, comparison


@app.cell
def _(comparison):
    _found = comparison.difference
    mo.md(
        f"Mean ndcg@10 {comparison.before.mean('ndcg@10'):.3f} before, {comparison.after.mean('ndcg@10'):.3f} after; "
        f"difference {_found.mean:+.3f}, 95 % from {_found.low:+.3f} to {_found.high:+.3f}, p = {_found.p_value:.3f}. "
        f"{len(comparison.changes)} of {_found.count} questions change."
    )
    return


@app.cell(hide_code=True)
def _():
    mo.md("""
    The largest changes side by side, with what answers the question marked. Read the hits that stand **above** the
    right one: they tell what the search took the question for.
    """)
    return


@app.cell
def _(comparison):
    def side_by_side(change):
        """The first hits of a question, before and after."""
        sides = "".join(
            f"<div><b>{name}</b>{hit_list(change.question, hits[:SIDE_HITS]).replace('<ol>', UNNUMBERED)}</div>"
            for name, hits in (("before", change.hits_before), ("after", change.hits_after))
        )
        said = f"{escape(change.question.text)} ({change.before:.2f} before, {change.after:.2f} after)"
        return f'<h3 dir="auto">{said}</h3><div style="{TWO_COLUMNS}">{sides}</div>'

    mo.Html("".join(map(side_by_side, comparison.changes[:SIDE_CHANGES])))
    return


@app.cell
def _(changed, served):
    # All of them, on a page by itself: open it in a browser, or hand it to a colleague who may read the documents.
    page = comparison_page(served, changed, "ndcg@10")
    mo.download(page.encode(), filename="comparison.html", label="the whole comparison")
    return


@app.cell(hide_code=True)
def _():
    mo.md("""
    ## Answers and refusals

    A bot has two ways to be wrong: it answers what the documents do not say, or it refuses what they do. Which one is
    worse is for you to say; a shop may prefer the first, a clinic the second.

    Without a language model, an answer is refused where the **evidence** for it is too weak: words of the question
    that its best hits have, and how near the nearest chunk is by meaning. (A language model is told to refuse by
    itself; what follows then holds for the answers when it is down.)
    """)
    return


@app.cell
def _(bench, questions):
    answers = bench.ask(questions)
    _figures = tuning.AnswerSummary.of(answers)
    pd.DataFrame(
        [
            ("citations that lie in what is relevant", _figures.citation_precision),
            ("of what is relevant, cited", _figures.citation_recall),
            ("answers with a right answer's words", _figures.answered),
            ("answerable questions that are refused", _figures.refusals.of_answerable),
            ("unanswerable questions that are refused", _figures.refusals.of_unanswerable),
            ("F1 of refusing", _figures.refusals.f1),
        ],
        columns=["share", "0 to 1"],
    ).round(3)
    return (answers,)


@app.cell
def _(answers):
    pictures.refusals(answers, "nearest")
    return


@app.cell
def _(answers):
    pictures.refusals(answers, "evidence")
    return


@app.cell(hide_code=True)
def _():
    mo.md("""
    Look at where the two colours overlap. If they are apart, any threshold between them is right. If they overlap, as
    nearest scores of visitors' questions do, no threshold is right for all: read the questions in the overlap first.
    A question that is answered by nothing but a table's cell needs another chunker, not another threshold.
    """)
    return


@app.cell
def _(answers, questions):
    def overlap(found):
        """Unanswerable questions that are answered, and answerable ones that are refused, with their figures."""
        columns = zip(questions, found.scores["refused"], found.nearest, found.scores["evidence"], strict=True)
        return pd.DataFrame(
            [
                {
                    "wrongly": "refused" if refused else "answered",
                    "question": question.text,
                    "nearest": round(nearest, 3),
                    "evidence": round(evidence, 3),
                }
                for question, refused, nearest, evidence in columns
                if bool(refused) is not question.is_unanswerable
            ]
        ).sort_values("wrongly", ignore_index=True)

    overlap(answers)
    return


@app.cell(hide_code=True)
def _():
    mo.md("""
    ## Calibrating `answerable_score`

    `answerable_score` is the dense score from which meaning counts. The embedding model brings one; your documents
    may want another. The curve shows every threshold that makes a difference, on the half of the questions that
    chooses.
    """)
    return


@app.cell
def _(bench, questions):
    chosen_by, held_out = questions.split(seed=3)
    calibration = tuning.calibrated_threshold(bench.ask(chosen_by))
    _points = calibration.curve
    _thresholds = np.array([point.threshold for point in _points])
    _figure = Figure(figsize=(8.5, 4.2), layout="constrained")
    _axes = _figure.subplots()
    for _values, _name, _colour, _style in (
        ([point.refusals.of_unanswerable for point in _points], "unanswerable, refused (right)", "#0072B2", "-"),
        ([point.refusals.of_answerable for point in _points], "answerable, refused (wrong)", "#E69F00", "-."),
        ([point.refusals.f1 for point in _points], "F1 of refusing", "#009E73", ":"),
    ):
        _axes.step(_thresholds, _values, where="mid", color=_colour, linestyle=_style, label=_name)
    _axes.axvline(calibration.served.threshold, color="#8C8C8C", label=f"as served, {calibration.served.threshold:.3f}")
    _axes.axvline(calibration.best.threshold, color="#D55E00", label=f"best F1, {calibration.best.threshold:.3f}")
    _axes.set(xlabel="answerable_score", ylabel="share of the questions", ylim=(-0.03, 1.03))
    _axes.set_xlim(_thresholds[1] - 0.03, min(1.0, _thresholds[-2] + 0.03))
    _axes.set_title(f"Refusals by threshold, {len(chosen_by)} questions")
    _axes.grid(visible=True, alpha=0.25)
    _figure.legend(loc="outside lower center", ncols=3, frameon=False)
    _figure
    return calibration, held_out


@app.cell(hide_code=True)
def _():
    mo.md("""
    Then the half that was put away, with both thresholds. If the gain is gone there, it was luck: keep the model's
    own threshold, and collect more **unanswerable** questions. They are the rare kind; your log is full of them.
    """)
    return


@app.cell
def _(bench, calibration, held_out):
    calibrated = kr.TenantSettings(answerable_score=calibration.best.threshold)
    measured = {"as served": bench.ask(held_out), "calibrated": bench.ask(held_out, calibrated)}
    pd.DataFrame(
        [
            {
                "threshold": f"{name}, {found.threshold:.3f}",
                "unanswerable, refused": refusals.of_unanswerable,
                "answerable, refused": refusals.of_answerable,
                "F1 of refusing": refusals.f1,
            }
            for name, found in measured.items()
            for refusals in [tuning.AnswerSummary.of(found).refusals]
        ]
    ).round(3)
    return calibrated, measured


@app.cell
def _(acme, calibrated, measured):
    before, after = (tuning.AnswerSummary.of(found).refusals.f1 for found in measured.values())
    if after > before:
        _own = acme.settings().model_copy(update={"answerable_score": calibrated.answerable_score})
        _said = f"Applied as version {acme.configure(_own)} of the tenant's settings."
    else:
        _said = "No better on the half that was put away: nothing is applied."
    mo.md(f"F1 of refusing {before:.3f} as served, {after:.3f} calibrated. {_said}")
    return


if __name__ == "__main__":
    app.run()
