import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="04 Latency")

with app.setup:
    import tempfile
    import time
    from pathlib import Path

    import marimo as mo
    import numpy as np
    import pandas as pd
    from matplotlib.figure import Figure

    import konverze_rag as kr

    BLUE, ORANGE, GREEN = "#0072B2", "#E69F00", "#009E73"


@app.cell(hide_code=True)
def _():
    mo.md("""
    # 04 · Latency

    How long does a search take, how many are served a second, and what happens when the tenant grows? Measure it
    where it will run: figures of a laptop say little about a server, and figures of a busy machine say nothing.

    `konverze bench --tenant acme` prints the table of the first part for a tenant of yours.
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
    return acme, engine


@app.cell(hide_code=True)
def _():
    mo.md("""
    ## A tenant as it is

    `measure_tenant` asks the tenant's own passages as questions, with the vectors that the index has: the embedding
    model is not in these figures, and comes below.

    - **p50** is what half of the searches keep, **p99** what 99 of 100 do. Visitors remember p99. Of 200 searches it
      is the slowest two, so it jumps from run to run.
    - **Searches a second** by one thread and by four. Four threads on two cores cannot be four times as fast.
    - **Recall** is the share of the ten truly nearest chunks that the dense search finds; 1 where it compares all.
    - **Cold open** is the first search after the index has left memory: blobs are read, opened and decrypted.
    """)
    return


@app.cell
def _(acme):
    measured = kr.measure_tenant(acme)
    pd.DataFrame(
        [
            ("chunks", f"{measured.chunks:,}"),
            ("dense search, p50 and p99, ms", f"{measured.dense_p50_ms:.2f} and {measured.dense_p99_ms:.2f}"),
            ("hybrid search, p50 and p99, ms", f"{measured.hybrid_p50_ms:.2f} and {measured.hybrid_p99_ms:.2f}"),
            ("hybrid searches a second, 1 thread", f"{measured.qps_1:,.0f}"),
            ("hybrid searches a second, 4 threads", f"{measured.qps_4:,.0f}"),
            ("recall of the ten nearest", f"{measured.recall_at_10:.3f}"),
            ("decrypted index in memory, kB", f"{measured.resident_bytes / 1_000:,.0f}"),
            ("cold open, ms", f"{measured.cold_open_ms:.1f}"),
        ],
        columns=["figure", "value"],
    )
    return


@app.cell(hide_code=True)
def _():
    mo.md("""
    ## Where the time of an answer goes

    Each answer tells its stages. No question is asked twice: one that was asked before finds its vector, and perhaps
    its answer, in memory. **Retrieve** holds the embedding of the question, which is most of it here; a remote model
    adds its round trip. **Generate** is the language model's, where there is one, and then nothing else matters.
    Without one it is the choice of sentences: those of the best hits are embedded, too, to be compared with the
    question.
    """)
    return


@app.cell
def _(acme):
    asked = [
        "How long is the warranty on the induction cooktop?",
        "Until when may I return something from the Diwali sale?",
        "Can my cat travel on the sleeper bus?",
        "How much free luggage may I take on the AC seater?",
        "What is the price of the Vayu care plan?",
        "Which rules hold for groups of four or more?",
        "When does a technician visit me in Pune?",
        "What happens if the coach leaves late?",
    ]
    acme.ask("Which shops are there?")  # loads what the first ask loads
    stages = ["condense", "retrieve", "compose", "generate"]
    timings = [acme.ask(text).timings for text in asked]
    medians = [float(np.median([getattr(one, f"{stage}_ms") for one in timings])) for stage in stages]

    _figure = Figure(figsize=(8.5, 2.6), layout="constrained")
    _axes = _figure.subplots()
    _axes.bar_label(_axes.barh(stages, medians, color=BLUE), fmt=" %.1f ms")
    _axes.invert_yaxis()
    _axes.set(title=f"Median of each stage, {len(asked)} answers", xlabel="milliseconds")
    _axes.set_xlim(0, 1.15 * max(medians))
    _figure
    return


@app.cell(hide_code=True)
def _():
    mo.md("""
    ## What happens when it grows

    Synthetic chunks: words drawn by Zipf's law, and vectors around a few hundred centres, as topics of documents lie.
    They are added ready, so that nothing is embedded. Real documents differ in length and in spread: take the
    **shape** of these curves from here, and the figures from your own tenant.
    """)
    return


@app.cell
def _(engine):
    sizes = [1_000, 3_000, 10_000, 20_000]
    dim = engine.embedder.info.dim

    def synthetic(count, seed):
        """Chunks of thirty words, and their unit vectors: float32, shape (count, dim)."""
        draw = np.random.default_rng(seed)
        words = np.minimum(draw.zipf(1.3, (count, 30)), 20_000)
        chunks = [
            kr.Chunk(document_id=f"{seed}-{row // 20}", ordinal=row % 20, text=" ".join(f"word{word}" for word in line))
            for row, line in enumerate(words.tolist())
        ]
        centres = draw.standard_normal((300, dim), dtype=np.float32)
        vectors = centres[draw.integers(0, 300, count)] + draw.standard_normal((count, dim), dtype=np.float32)
        return chunks, vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    growing, grown = engine.tenant("growing"), []
    for _size in sizes:
        _more = _size - (grown[-1].chunks if grown else 0)
        growing.add(*synthetic(_more, seed=_size))
        grown.append(kr.measure_tenant(growing))
    assert [one.chunks for one in grown] == sizes
    return (grown,)


@app.cell
def _(grown):
    pd.DataFrame(
        [
            {
                "chunks": f"{one.chunks:,}",
                "dense p50, ms": one.dense_p50_ms,
                "hybrid p50, ms": one.hybrid_p50_ms,
                "hybrid p99, ms": one.hybrid_p99_ms,
                "a second, 1 thread": f"{one.qps_1:,.0f}",
                "a second, 4 threads": f"{one.qps_4:,.0f}",
                "recall": round(one.recall_at_10, 3),
                "memory, MB": one.resident_bytes / 1e6,
                "cold open, ms": one.cold_open_ms,
            }
            for one in grown
        ]
    ).round(2)
    return


@app.cell
def _(grown):
    _chunks = [one.chunks for one in grown]
    _figure = Figure(figsize=(8.5, 7.2), layout="constrained")
    ((_times, _rates), (_opening, _memory)) = _figure.subplots(2, 2)
    for _name, _colour, _marker in (
        ("dense_p50_ms", BLUE, "o"),
        ("hybrid_p50_ms", ORANGE, "s"),
        ("hybrid_p99_ms", GREEN, "^"),
    ):
        _label = _name.removesuffix("_ms").replace("_", ", ")
        _times.plot(_chunks, [getattr(one, _name) for one in grown], color=_colour, marker=_marker, label=_label)
    _times.set(title="Latency of a search", ylabel="milliseconds", yscale="log")
    for _name, _colour, _marker in (("qps_1", BLUE, "o"), ("qps_4", ORANGE, "s")):
        _label = f"{_name[-1]} thread{'s' if _name == 'qps_4' else ''}"
        _rates.plot(_chunks, [getattr(one, _name) for one in grown], color=_colour, marker=_marker, label=_label)
    _rates.set(title="Hybrid searches a second", ylabel="searches a second")
    _opening.plot(_chunks, [one.cold_open_ms for one in grown], color=BLUE, marker="o")
    _opening.set(title="Cold open, with its first search", ylabel="milliseconds")
    _memory.plot(_chunks, [one.resident_bytes / 1e6 for one in grown], color=BLUE, marker="o")
    _memory.set(title="Decrypted index in memory", ylabel="MB")
    for _axes in (_times, _rates, _opening, _memory):
        _axes.set_xlabel("chunks")
        _axes.grid(visible=True, alpha=0.25)
        if _axes is not _times:
            _axes.set_ylim(bottom=0)
            _axes.set_xlim(left=0)
            _axes.xaxis.set_major_formatter("{x:,.0f}")
            _axes.locator_params(axis="x", nbins=5)
    _times.set_xscale("log")
    _times.set_xticks(_chunks, [f"{count:,}" for count in _chunks])
    _times.minorticks_off()
    _times.yaxis.set_major_formatter("{x:g}")
    _times.legend()
    _rates.legend()
    _figure
    return


@app.cell(hide_code=True)
def _():
    mo.md("""
    The first picture has two logarithmic axes; all others begin at zero.

    - **Dense** grows with the chunks while all of them are compared, and less from where a structure takes over; then
      look at recall.
    - **Hybrid** adds the words. Frequent words cost most: a question of rare words is faster.
    - **Memory** is what one tenant takes of `cache_bytes`. What does not fit is opened cold: if cold opens are many,
      that budget is what to raise.

    ## One search after the other, or all at once

    Questions that come at the same time are embedded together. Where the bars fall from left to right, that saves
    time; where they stay level, the cores are busy, and more visitors wait in line: then more cores, or more
    processes, help.
    """)
    return


@app.cell
def _(engine):
    def median_ms(call, rounds=15):
        """What a call takes, in milliseconds, with new arguments each time."""
        took = []
        for number in range(rounds):
            since = time.perf_counter()
            call(number)
            took.append((time.perf_counter() - since) * 1_000)
        return float(np.median(took))

    counts = [1, 2, 4, 8, 16]
    at_once = {
        size: median_ms(
            lambda number, size=size: engine.embedder.embed_queries(
                [f"How long is warranty {number}-{size}-{place}?" for place in range(size)]
            )
        )
        for size in counts
    }

    _figure = Figure(figsize=(8.5, 3.4), layout="constrained")
    _axes = _figure.subplots()
    _bars = _axes.bar([str(size) for size in at_once], [took / size for size, took in at_once.items()], color=BLUE)
    _axes.bar_label(_bars, [f"{took:.1f} ms together" for took in at_once.values()], padding=2)
    _axes.set(title="Embedding of questions", xlabel="questions at once", ylabel="milliseconds a question")
    _axes.set_ylim(0, 1.2 * max(took / size for size, took in at_once.items()))
    _figure
    return


@app.cell(hide_code=True)
def _():
    mo.md("""
    ## What to do about it

    | what is slow | what to try |
    | --- | --- |
    | retrieve, and the search itself is fast | the embedding: more cores, a remote model, or words alone |
    | p99 alone | cold opens (`cache_bytes`), neighbours on the machine, or segments: `compact` |
    | the search of one large tenant | fewer, larger chunks; `compact` where it has many segments |
    | generate | a faster model, fewer and shorter hits, the answer cache |
    | everything, at busy hours | more processes on one store: readers take no lock |

    Then measure once more, on the same machine, with nothing else running.
    """)
    return


if __name__ == "__main__":
    app.run()
