"""Commands of `konverze` that measure settings on a tenant's own documents, choose between them, and apply them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from konverze_core.errors import ConfigError
from konverze_rag.cli import rendering
from konverze_rag.cli.app import DATA_DEFAULT, FAILURE, TENANT_DEFAULT, AsJson, Data, TenantId, app, tenant_of
from konverze_rag.cli.commands import Hits
from konverze_rag.cli.figures import Found, show_found, show_sweep
from konverze_rag.tenant import DEFAULT_HITS
from konverze_rag.tuning.measuring.baseline import Baseline, regressions
from konverze_rag.tuning.questions.question_set import QuestionSet
from konverze_rag.tuning.settings_files import evidence_of, read_settings, settings_text, settings_with, write_settings
from konverze_rag.tuning.showing.report import evaluation_page, sweep_page
from konverze_rag.tuning.space import SearchSpace
from konverze_rag.tuning.sweep import Sampler
from konverze_rag.tuning.workbench import DEFAULT_METRIC, Workbench

MAX_DROP = 0.01
"""What a mean may lose against a baseline, by default."""

QuestionFile = Annotated[
    Path, typer.Argument(metavar="QUESTIONS", help="Questions with their answers: .jsonl or .csv.")
]
Page = Annotated[Path | None, typer.Option("--html", help="Write a page with figures and pictures.")]
Replace = Annotated[bool, typer.Option("--replace", help="Write over a settings file that is there.")]


@app.command()
def configure(
    file: Annotated[Path, typer.Argument(help="Settings as TOML, such as `tune` writes.")],
    tenant: TenantId,
    data: Data = DATA_DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Sets what a tenant has of its own, in place of what it had; prints the version."""
    chosen = read_settings(file)
    with tenant_of(data, tenant) as acme:
        rendering.show_counts({"version": acme.configure(chosen)}, as_json=as_json)


@app.command()
def settings(tenant: TenantId = TENANT_DEFAULT, data: Data = DATA_DEFAULT, as_json: AsJson = False) -> None:
    """Shows what a tenant has set for itself, as `configure` takes it."""
    with tenant_of(data, tenant) as acme:
        own = acme.settings()
    if as_json:
        rendering.print_json(own.model_dump(mode="json", exclude_none=True))
    else:
        print(settings_text(own).strip() or "# The tenant has set nothing for itself.")


@app.command("eval")
def evaluate(  # noqa: PLR0913 (options of a command line)
    questions: QuestionFile,
    data: Data = DATA_DEFAULT,
    tenant: TenantId = TENANT_DEFAULT,
    settings: Annotated[Path | None, typer.Option(help="Measure with these settings over the tenant's own.")] = None,
    k: Hits = DEFAULT_HITS,
    metric: Annotated[list[str] | None, typer.Option(help="Such as recall@5. May be repeated. All by default.")] = None,
    answers: Annotated[bool, typer.Option("--answers", help="Also ask the questions, and judge the answers.")] = False,
    save: Annotated[Path | None, typer.Option(help="Write the scores here, for a later --baseline.")] = None,
    baseline: Annotated[Path | None, typer.Option(help="Fail where a mean has dropped against these scores.")] = None,
    max_drop: Annotated[float, typer.Option(help="What a mean may lose against the baseline.")] = MAX_DROP,
    html: Page = None,
    as_json: AsJson = False,
) -> None:
    """Measures how well a tenant's questions are answered; exit status 1 where a mean has dropped beyond doubt.

    Without --metric, ndcg@10 alone is held to the baseline.
    """
    if save is not None and save == baseline:
        raise ConfigError("--save would write over the baseline: name another file")
    asked, candidate = _questions(questions), None if settings is None else read_settings(settings)
    before = None if baseline is None else Baseline.read(baseline)
    with tenant_of(data, tenant) as acme, Workbench(acme) as bench:
        searched = bench.evaluate(asked, candidate, k=k)
        answered = bench.ask(asked, candidate) if answers else None
    lost = () if before is None else regressions(before, searched, metric or (DEFAULT_METRIC,), max_drop)
    if save is not None:
        Baseline.of(searched).write(save)
    if html is not None:
        _write(html, evaluation_page(searched, answers=answered))
    show_found(Found(searched=searched, answered=answered, lost=lost, metrics=tuple(metric or ())), as_json=as_json)
    if lost:
        raise typer.Exit(FAILURE)


@app.command()
def tune(  # noqa: PLR0913 (options of a command line)
    questions: QuestionFile,
    data: Data = DATA_DEFAULT,
    tenant: TenantId = TENANT_DEFAULT,
    space: Annotated[Path | None, typer.Option(help="What to try, as TOML: lists of values by setting.")] = None,
    metric: Annotated[str, typer.Option(help="What settings are compared by.")] = DEFAULT_METRIC,
    trials: Annotated[int | None, typer.Option(help="At most so many; all combinations by default.")] = None,
    sampler: Annotated[Sampler, typer.Option(help="All combinations, or what an optimiser proposes.")] = "grid",
    seed: Annotated[int, typer.Option(help="Of all random choices.")] = 0,
    answers: Annotated[bool, typer.Option("--answers", help="Also ask the questions of each candidate.")] = False,
    max_p99_ms: Annotated[
        float | None, typer.Option("--max-p99-ms", help="Choose only settings with which 99 of 100 searches keep this.")
    ] = None,
    max_cost: Annotated[float | None, typer.Option(help="And whose answers cost at most so much; --answers.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Write all that the tenant has to be set to, as TOML with the evidence.")
    ] = None,
    replace: Replace = False,
    html: Page = None,
    as_json: AsJson = False,
) -> None:
    """Tries settings on a tenant's own documents, and tells the best; interrupted, it goes on where it was.

    Nothing is set: that is what `configure` does. Measure the best on other questions before.
    """
    if out is not None and out.exists() and not replace:
        raise ConfigError(f"{out}: stands there already; name another file, or add --replace")
    asked, tried = _questions(questions), SearchSpace.default() if space is None else SearchSpace.from_toml(space)
    with tenant_of(data, tenant) as acme, Workbench(acme) as bench, rendering.counting("tried") as on_progress:
        sweep = bench.sweep(
            asked,
            tried,
            metric=metric,
            sampler=sampler,
            trials=trials,
            seed=seed,
            answers=answers,
            on_progress=on_progress,
        )
        own = acme.settings()
    best = sweep.best(max_p99_ms=max_p99_ms, max_cost=max_cost)
    if out is not None:
        write_settings(out, settings_with(own, best.candidate), evidence_of(sweep, best), may_replace=replace)
    if html is not None:
        _write(html, sweep_page(sweep, best=best))
    show_sweep(sweep, best, as_json=as_json)


def _questions(path: Path) -> QuestionSet:
    """The questions of a file, which its ending tells how to read."""
    readers = {".jsonl": QuestionSet.from_jsonl, ".csv": QuestionSet.from_csv}
    if path.suffix.lower() not in readers:
        raise ConfigError(f"{path.name}: questions stand in a file that ends in .jsonl or .csv")
    return readers[path.suffix.lower()](path)


def _write(path: Path, page: str) -> None:
    try:
        path.write_text(page, "utf-8")
    except OSError as exc:
        raise ConfigError(f"{path}: cannot be written ({exc.strerror})") from exc
