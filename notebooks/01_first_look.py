import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="01 First look at a tenant")

with app.setup:
    import tempfile
    from pathlib import Path

    import marimo as mo
    import numpy as np
    import pandas as pd
    from matplotlib.figure import Figure

    import konverze_rag as kr


@app.cell(hide_code=True)
def _():
    mo.md("""
    # 01 · First look at a tenant

    Before you tune anything, look at what the tenant has: which files came in, what was read of them, how they were
    cut, and what a search makes of a question. Most bad answers are explained on this page, and no setting mends a
    page that was never read.

    Everything here runs offline: the embedding model comes in a package, and without a language model the answers are
    sentences of the documents. The two businesses are invented.

    For your own tenant, put your data directory in place of the temporary one, the tenant's id in place of the names
    below, and leave out the ingest.
    """)
    return


@app.cell
def _():
    folder = tempfile.TemporaryDirectory(prefix="konverze-")
    settings = kr.Settings(openai_api_key=None, openai_base_url=None, embeddings="local")
    engine = kr.Engine.open(folder.name, settings=settings)
    demo = Path(kr.__file__).parent / "demo_documents"
    return demo, engine, settings


@app.cell(hide_code=True)
def _():
    mo.md("""
    ## What came in

    An ingest reports every file. Look at three columns:

    - **failed**: files that could not be read, with the reason. Their text is nowhere in the index.
    - **unread**: parts of files that have no text, such as scanned pages. The rest of the file is there.
    - **duplicates**: files that hold the same bytes. They take places in the hits that other files could have.
    """)
    return


@app.cell
def _(demo, engine):
    names = ["lotus-kitchenware", "monsoon-travels"]
    reports = {name: engine.tenant(name).ingest(sorted((demo / name).iterdir())) for name in names}
    pd.DataFrame(
        {
            name: {
                "documents": report.documents,
                "chunks": report.chunks,
                "failed": "; ".join(f"{source}: {error}" for source, error in report.failed) or "none",
                "unread": "; ".join(f"{source}, {part.part}: {part.reason}" for source, part in report.unread)
                or "none",
                "duplicates": "; ".join(f"{source} is {twin}" for source, twin in report.duplicates) or "none",
            }
            for name, report in reports.items()
        }
    ).T
    return names, reports


@app.cell
def _(engine, names, reports):
    assert not any(report.failed for report in reports.values())
    catalogue = [
        {"tenant": name, "document": info.id, "chunks": info.chunks, "bytes": info.content_bytes, "unread": info.unread}
        | {key: info.metadata.get(key, "") for key in ("format", "title")}
        for name in names
        for info in engine.tenant(name).documents()
    ]
    pd.DataFrame(catalogue)
    return


@app.cell(hide_code=True)
def _():
    mo.md("""
    ## How large the index is

    `stats` tells what a search has to look through, and what it costs in memory and in the store. **Deleted chunks**
    and many **segments** mean that `compact` has something to do. **Recall** below 1 means that the vectors are
    searched through a structure that may miss one; `flat` compares all of them.
    """)
    return


@app.cell
def _(engine, names):
    stats = {name: engine.tenant(name).stats() for name in names}
    pd.DataFrame(
        {
            name: {
                "generation": one.generation,
                "chunks": one.chunks,
                "deleted chunks": one.deleted_chunks,
                "segments": one.segments,
                "vectors": ", ".join(f"{part.rows} {part.structure}, recall {part.recall:g}" for part in one.dense),
                "embedding model": one.embedder,
                "in memory, kB": round(one.resident_bytes / 1_000),
                "in the store, sealed, kB": round(one.stored_bytes / 1_000),
            }
            for name, one in stats.items()
        }
    )
    return


@app.cell(hide_code=True)
def _():
    mo.md("""
    ## What was read, and how it was cut

    `inspect` reads a file as an ingest would, and stores nothing. Each colour is a chunk. Look for these:

    - **Text that is missing or scrambled**: columns read across, headers in the middle of a sentence.
    - **A table that is cut in two**: only its first chunk has the names of the columns in its text; what is searched
      of the others has them above it. If rows are what visitors ask for, try `chunker="rows"`.
    - **Chunks of a line or two**: a footer, a heading without text. They match many questions and answer none.
    - **One chunk that says five things**: its vector is near to none of them. Try a smaller `chunk_tokens`.
    """)
    return


@app.cell
def _(demo):
    files = {path.name: path for path in sorted((demo / "lotus-kitchenware").iterdir())}
    file = mo.ui.dropdown(files, value="warranty-handbook.pdf", label="file")
    file
    return (file,)


@app.cell
def _(engine, file):
    inspection = engine.tenant("lotus-kitchenware").inspect(file.value)
    inspection
    return (inspection,)


@app.cell
def _(inspection, settings):
    _figure = Figure(figsize=(8.5, 3.2), layout="constrained")
    _axes = _figure.subplots()
    _axes.bar(range(len(inspection.tokens)), inspection.tokens, color="#0072B2")
    _axes.axhline(settings.chunk_tokens, color="#D55E00", label=f"chunk_tokens = {settings.chunk_tokens}")
    _axes.set(
        title=f"{inspection.source}: tokens of each chunk, with what is searched above it",
        xlabel="chunk, in reading order",
        ylabel="tokens of the embedding model",
        xticks=range(len(inspection.tokens)),
    )
    _axes.set_ylim(0, 1.25 * max(settings.chunk_tokens, *inspection.tokens))
    _axes.legend(loc="upper right")
    _figure
    return


@app.cell(hide_code=True)
def _():
    mo.md("""
    ## What a search makes of a question

    Two legs look for chunks: the **dense** one by meaning, the **lexical** one by words. `hit.explain` tells what
    each gave to a score. A question in Hindi over an English document shares no word with it: only the dense leg can
    find it. A product code means nothing: only the lexical leg can.
    """)
    return


@app.cell
def _():
    questions = {
        "words of the document": "How long is the warranty on the induction cooktop?",
        "Hindi over English": "प्रेशर कुकर के गैस्केट की वारंटी कितने महीने की है?",
        "a product code": "What does LK-204/B cost?",
        "nobody knows": "Who is the chief minister of Kerala?",
    }
    question = mo.ui.dropdown(questions, value="words of the document", label="question")
    question
    return (question,)


@app.cell
def _(engine, question):
    hits = engine.tenant("lotus-kitchenware").search(question.value, k=6)
    pd.DataFrame(
        [
            {
                "rank": rank,
                "document": hit.chunk.document_id,
                "chunk": hit.chunk.ordinal,
                "score": round(hit.score, 3),
                "dense score": hit.explain.dense_score and round(hit.explain.dense_score, 3),
                "dense rank": hit.explain.dense_rank,
                "lexical score": hit.explain.lexical_score and round(hit.explain.lexical_score, 2),
                "lexical rank": hit.explain.lexical_rank,
                "begins with": " ".join(hit.chunk.text.split())[:60],
            }
            for rank, hit in enumerate(hits, 1)
        ]
    ).astype({"dense rank": "Int64", "lexical rank": "Int64"})
    return (hits,)


@app.cell
def _(hits):
    _figure = Figure(figsize=(8.5, 0.9 + 0.34 * len(hits)), layout="constrained")
    _axes = _figure.subplots()
    _dense = np.array([hit.explain.dense_share for hit in hits])
    _lexical = np.array([hit.explain.lexical_share for hit in hits])
    _rows = range(len(hits))
    _axes.barh(_rows, _dense, color="#0072B2", label="by meaning")
    _axes.barh(_rows, _lexical, left=_dense, color="#E69F00", label="by words")
    _axes.set_yticks(_rows, [f"{hit.chunk.document_id}, chunk {hit.chunk.ordinal}" for hit in hits])
    _axes.invert_yaxis()
    _axes.set(title="What each leg gave to the score", xlabel="score (comparable within one search only)")
    _axes.legend(loc="lower right")
    _figure
    return


@app.cell(hide_code=True)
def _():
    mo.md("""
    ## Filters

    `where` says which chunks may be found: by facts of the file, such as `format` and `title`, by those that you
    handed in with it (`ingest(…, metadata={"branch": "Pune"})`), or by `document_id`, `page`, `lang` and `heading`. A
    filter that is right beats every weight. One that is wrong hides the answer: count what it leaves.
    """)
    return


@app.cell
def _(engine):
    filters = {
        "everything": None,
        "PDF only": {"format": "pdf"},
        "Hindi only": {"lang": "hi"},
        "pages 3 and later": {"page": {"gte": 3}},
        "neither PDF nor DOCX": {"not": {"format": ["pdf", "docx"]}},
    }
    found = {
        name: engine.tenant("lotus-kitchenware").search("delivery, returns and warranty", where=where, k=100)
        for name, where in filters.items()
    }
    pd.DataFrame(
        [
            {"filter": name, "chunks left": len(hits), "first hit": hits[0].chunk.document_id}
            for name, hits in found.items()
        ]
    )
    return


@app.cell(hide_code=True)
def _():
    mo.md("""
    ## An answer, and what it rests on

    Each citation holds the words of the document that support the sentence before its mark, and where they stand.
    They are verbatim: what stands there is checked below. A question that the documents do not answer gets a refusal,
    and no citation; so does a question about the other tenant's business.
    """)
    return


@app.cell
def _(engine):
    asked = [
        ("lotus-kitchenware", "How long is the warranty on the induction cooktop?"),
        ("lotus-kitchenware", "UPI ka refund kitne din mein aata hai?"),
        ("lotus-kitchenware", "Can my cat travel on the sleeper bus?"),
        ("monsoon-travels", "Can my cat travel on the sleeper bus?"),
    ]
    answers = [(name, text, engine.tenant(name).ask(text)) for name, text in asked]
    pd.DataFrame(
        [
            {
                "tenant": name,
                "question": text,
                "answer": answer.text,
                "refused": answer.refused,
                "confidence": round(answer.confidence, 2),
                "total, ms": round(answer.timings.total_ms),
            }
            for name, text, answer in answers
        ]
    )
    return (answers,)


@app.cell
def _(answers, demo):
    citations = [(name, text, one) for name, text, answer in answers for one in answer.citations]
    for _name, _text, _one in citations:
        _document = kr.load(demo / _name / _one.document_id)
        assert _document.text[_one.span.start : _one.span.end] == _one.quote
    pd.DataFrame(
        [
            {
                "question": text,
                "mark": f"[{one.number}]",
                "document": one.document_id,
                "page": one.page or "",
                "characters": f"{one.span.start}-{one.span.end}",
                "quote": one.quote,
            }
            for _, text, one in citations
        ]
    )
    return


@app.cell(hide_code=True)
def _():
    mo.md("""
    ## What to do next

    - A file is missing, or its text is: mend the file, or its format's settings. Tuning comes later.
    - Text is there, and is not found: collect twenty such questions, and go to `02_tuning.py`.
    - It is found, and the answer is refused, or wrong: `03_failures_and_refusals.py`.
    - It is right, and slow: `04_latency.py`.
    """)
    return


if __name__ == "__main__":
    app.run()
