"""The blocks of tutorial and guides run in order, page by page, and print what stands behind them."""

import re

import pytest

from tests.docs.command_line import run
from tests.docs.markdown import ROOT, blocks

GUIDES = sorted({path.name for path in (ROOT / "docs/guides").glob("*.md")} - {"README.md"})
PAGES = ["docs/tutorial.md", *(f"docs/guides/{name}" for name in GUIDES)]
BY_MEANING = [(f"docs/{name}.md", "local") for name in ("tutorial", "guides/retrieval", "guides/tuning")]
PROMISE = re.compile(r"^ *print\(.*\)  # (.+)$", re.MULTILINE)


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize(("page", "embeddings"), [*((page, "none") for page in PAGES), *BY_MEANING])
def test_the_blocks_of_a_page_run_and_print_what_they_say(page, embeddings, monkeypatch, capsys):
    monkeypatch.setenv("KONVERZE_EMBEDDINGS", embeddings)
    names = {"__name__": page}
    for language, code in blocks((ROOT / page).read_text("utf-8"), "python", "sh"):
        if language == "sh":
            for line in code.splitlines():
                run(line, monkeypatch)
            continue
        exec(compile(code, page, "exec"), names)
        printed = iter(capsys.readouterr().out.splitlines())
        for promise in PROMISE.findall(code):
            assert promise in printed, promise


def test_pages_promise_what_they_print():
    text = (ROOT / "docs/tutorial.md").read_text("utf-8")
    promised = [PROMISE.findall(code) for _, code in blocks(text, "python")]
    assert sum(map(len, promised)) > 15
