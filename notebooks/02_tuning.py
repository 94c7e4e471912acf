import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="02 Tuning retrieval")

with app.setup:
    import tempfile
    from pathlib import Path

    import marimo as mo
    import pandas as pd

    import konverze_rag as kr
    from konverze_rag import tuning
    from konverze_rag.tuning.showing import pictures

    LUCK = 0.05  # differences that luck makes more often than this are none


@app.cell(hide_code=True)
def _():
    mo.md("""
    # 02 · Tuning retrieval, end to end

    Which settings are best depends on your documents and on what your visitors ask. Forty questions with known
    answers settle it in minutes, where a discussion takes weeks. The steps:

    1. Collect questions, and say of each what answers it.
    2. Put half of them away.
    3. Measure what is served today.
    4. Try settings on the first half, and choose.
    5. Measure the choice on the half that was put away.
    6. Write the settings down with the evidence, apply them, and guard them.

    Offline, on invented businesses; one tenant serves both here, as the bot of a shopping street would.
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
    mo.md(f"{len(report.added)} documents, {report.chunks} chunks.")
    return acme, demo, folder, report


@app.cell(hide_code=True)
def _():
    mo.md("""
    ## 1. Questions

    `questions.jsonl` holds a question a line. What is known of the answer is a **passage** (a few words of the
    document that hold it), a right **answer** in the documents' words, or, where that is all you know, the relevant
    documents. Write them as visitors write: short, in the wrong language, with the wrong word. Some have no answer;
    they are for refusals (`03_failures_and_refusals.py`), and no ranking is judged by them.

    The best source is your own log: `QuestionSet.from_conversations(acme.turns())` takes what was asked and what
    feedback says of it.
    """)
    return


@app.cell
def _():
    questions = tuning.QuestionSet.from_jsonl(Path(__file__).parent / "questions.jsonl", name="visitors' questions")
    pd.DataFrame(
        [
            {
                "id": question.id,
                "question": question.text,
                "document": ", ".join(passage.document_id for passage in question.passages),
                "answer": "; ".join(question.answers) or "none",
            }
            for question in questions
        ]
    )
    return (questions,)


@app.cell(hide_code=True)
def _():
    mo.md("""
    Questions can also be **made of the documents**, without a model, from headings and from rare words of sentences.
    They are many and they are free. But they use the documents' own words, which flatters the search by words: do not
    choose weights by them. They are a good alarm: what breaks them is broken.
    """)
    return


@app.cell
def _(demo, report):
    documents = {name: kr.load(demo / name) for name in report.added}
    generated = tuning.QuestionSet.generated(documents, count=60)
    pd.DataFrame([{"id": question.id, "question": question.text} for question in list(generated)[::8]])
    return (generated,)


@app.cell(hide_code=True)
def _():
    mo.md("""
    ## 2. Put half of them away

    The best of thirty settings looks better than it is, because some of it is luck. So one half chooses, and the
    other half, which no setting has seen, tells how good the choice is. Questions about the same document stay
    together; otherwise the second half would hold what the first has shown.

    Look at what is in each half before you look at any figure. Of six documents a half is quickly all Hindi or all
    English, and what is right for one language may be wrong for the other; another `seed` shares them out anew. With
    this one, both halves have some of each.
    """)
    return


@app.cell
def _(questions):
    chosen_by, held_out = questions.split(seed=3)
    _parts = {"chooses": chosen_by, "is put away": held_out}
    pd.DataFrame(
        {
            name: {
                "questions": len(part),
                "unanswerable": sum(question.is_unanswerable for question in part),
                "documents": ", ".join(
                    sorted({Path(passage.document_id).name for question in part for passage in question.passages})
                ),
            }
            for name, part in _parts.items()
        }
    )
    return chosen_by, held_out


@app.cell(hide_code=True)
def _():
    mo.md("""
    ## 3. What is served today

    A workbench takes the tenant's documents from their sealed originals and serves them from memory, by the code that
    serves visitors. The intervals tell how far a mean can be trusted: of so few questions, not very far.

    - **recall@k**: is the passage among the first k hits? If not, no answer can use it.
    - **mrr@10**, **ndcg@10**: how far above does it stand? An answer without a model is taken from the first hits.
    - **answer@k**: do the words of a right answer stand in one of the first k hits?
    """)
    return


@app.cell
def _(acme, chosen_by):
    bench = tuning.Workbench(acme)
    served = bench.evaluate(chosen_by)
    shown = ["recall@1", "recall@5", "mrr@10", "ndcg@10", "answer@5"]
    pd.DataFrame(
        [
            {"metric": metric, "mean": found.mean, "95 % from": found.low, "to": found.high, "questions": found.count}
            for metric, found in served.summary()
            if metric in shown
        ]
    ).round(3)
    return bench, served, shown


@app.cell
def _(served):
    pictures.by_question(served, "ndcg@10")
    return


@app.cell(hide_code=True)
def _():
    mo.md("""
    The questions at the bottom are your work: read their hits before you turn any knob (`03_failures_and_refusals.py`
    shows how).

    ## 4. Try settings, and choose

    A space names settings and the values to try. A grid tries them all; `sampler="tpe"` lets an optimiser propose
    what to try next, for spaces that are too large for that. Nothing is embedded twice, and a sweep that was
    interrupted goes on where it was: texts, vectors and scores are cached, sealed under the tenant's keys.
    """)
    return


@app.cell
def _(bench, chosen_by):
    space = {
        "chunk_tokens": [64, 128, 256],
        "fusion": ["convex", "rrf"],
        "dense_weight": [0.1, 0.3, 0.7, 1.5, 4.0],
    }
    with mo.status.progress_bar(total=31, title="trials", remove_on_exit=True) as _bar:
        sweep = bench.sweep(chosen_by, space, metric="ndcg@10", on_progress=lambda _done, _of: _bar.update())
    assert len(sweep.trials) == len(sweep.measured)
    return (sweep,)


@app.cell
def _(sweep):
    _frame = sweep.frame().assign(settings=[trial.candidate.label for trial in sweep.trials])
    _columns = ["trial", "settings", "ndcg@10", "ndcg@10 low", "ndcg@10 high", "recall@5", "p50_ms", "p99_ms", "chunks"]
    _frame.sort_values("ndcg@10", ascending=False, ignore_index=True)[_columns].round(3).head(12)
    return


@app.cell(hide_code=True)
def _():
    mo.md("""
    The frame has a row a trial; these are the best. Look at the intervals: where they overlap, the order may be luck,
    and the cheapest is as good as any. The picture sets quality against latency. What lies on the line, no other
    trial beats in both.
    """)
    return


@app.cell
def _(sweep):
    best = sweep.best(max_p99_ms=50)
    pictures.quality_by_latency(sweep, best=best)
    return (best,)


@app.cell
def _(best):
    mo.md(f"Chosen, of all trials whose p99 keeps 50 ms: trial {best.number}, **{best.candidate.label}**.")
    return


@app.cell(hide_code=True)
def _():
    mo.md("""
    ## 5. Measure the choice on the other half

    Both settings answer the same questions, so their differences are compared question by question. The p-value says
    how often luck alone makes a difference as large as this one.
    """)
    return


@app.cell
def _(bench, best, held_out):
    before, after = bench.evaluate(held_out), bench.evaluate(held_out, best.candidate)
    comparison = tuning.Comparison.of(before, after, metric="ndcg@10")
    return after, before, comparison


@app.cell
def _(after, before, shown):
    pictures.means({"as served": before, "chosen": after}, shown[:4])
    return


@app.cell
def _(comparison):
    def verdict(found):
        """What may be said of a difference, in words."""
        figures = f"{found.mean:+.3f} (95 % from {found.low:+.3f} to {found.high:+.3f}, p = {found.p_value:.3f})"
        if found.p_value >= LUCK:
            return f"{figures}: **no difference can be told from luck** with {found.count} questions."
        return f"{figures}: **{'better' if found.mean > 0 else 'worse'}**, and not by luck."

    mo.md(f"On the half that was put away, ndcg@10 changes by {verdict(comparison.difference)}")
    return (verdict,)


@app.cell(hide_code=True)
def _():
    mo.md("""
    What to do with each verdict:

    - **Better**: take it.
    - **Worse**: the first half was not like the second. Do not take it; ask more questions, about more documents.
    - **No difference**: stay with what is served, or take the simpler of both. To tell a difference of 0.03 from luck
      usually takes some hundred questions.

    Then the alarm: do the generated questions find less than before?
    """)
    return


@app.cell
def _(bench, best, generated, verdict):
    alarm = tuning.Comparison.of(
        bench.evaluate(generated), bench.evaluate(generated, best.candidate), metric="recall@5"
    )
    mo.md(f"On the {len(generated)} generated questions, recall@5 changes by {verdict(alarm.difference)}")
    return


@app.cell(hide_code=True)
def _():
    mo.md("""
    ## 6. Write it down, apply it, guard it

    The file holds the settings with what each means, and as comments the evidence they were chosen by. It has no word
    of a question or a document in it, so it may lie in your repository.
    """)
    return


@app.cell
def _(acme, best, folder, sweep):
    chosen_file = Path(folder.name) / "acme.toml"
    chosen = tuning.settings_with(acme.settings(), best.candidate)  # what the tenant has of its own besides, stays
    tuning.write_settings(chosen_file, chosen, tuning.evidence_of(sweep, best), may_replace=True)
    mo.md(f"```toml\n{chosen_file.read_text('utf-8')}\n```")
    return (chosen_file,)


@app.cell(hide_code=True)
def _():
    mo.md("""
    Weights hold from the next question. Sizes of chunks hold for what is ingested from now on: the next sync, or
    ingest of the same files, sees that they were cut by other settings, and cuts and embeds them anew.
    """)
    return


@app.cell
def _(acme, chosen_file, demo):
    version = acme.configure(tuning.read_settings(chosen_file))
    again = acme.sync(demo, label="street", include=["lotus-kitchenware/*", "monsoon-travels/*"])
    mo.md(f"Settings version {version}; {len(again.changed)} documents cut anew, {acme.stats().chunks} chunks now.")
    return (again,)


@app.cell(hide_code=True)
def _():
    mo.md("""
    A baseline keeps the scores of today, by id, without a word of the questions. `konverze eval --baseline` compares
    a later evaluation with it, and fails your pipeline when a mean has dropped by more than you allow, beyond doubt.
    """)
    return


@app.cell
def _(acme, again, folder, held_out):
    assert again is not None  # measured after the documents were cut anew
    with tuning.Workbench(acme) as _bench:
        tuned = _bench.evaluate(held_out)
    tuning.Baseline.of(tuned).write(Path(folder.name) / "baseline.json")
    _kept = tuning.Baseline.read(Path(folder.name) / "baseline.json")
    assert not tuning.regressions(_kept, tuned, ["ndcg@10"], max_drop=0.02)
    mo.md(f"Baseline: ndcg@10 {tuned.mean('ndcg@10'):.3f}, recall@5 {tuned.mean('recall@5'):.3f}.")
    return


if __name__ == "__main__":
    app.run()
