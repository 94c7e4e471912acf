from __future__ import annotations

import json

import pytest

from konverze_core.errors import LimitExceededError
from konverze_loaders import LoadLimits, load


def _lines(text, name="a.json"):
    document = load(text.encode(), name=name)
    return [document.text[block.span.start : block.span.end] for block in document.blocks], document


def test_objects_are_lines_of_path_and_value():
    lines, document = _lines(
        '{"name": "Shop", "address": {"city": "Pune"}, "tags": ["a", "b"], "open": true, "rate": 1.10, "none": null,'
        ' "big": 123456789012345678901234567890, "mixed": [1, {"k": "v"}]}'
    )
    assert lines == [
        "name: Shop", "address.city: Pune", "tags: a, b", "open: true", "rate: 1.10",
        "big: 123456789012345678901234567890", "mixed[0]: 1", "mixed[1].k: v",
    ]  # fmt: skip
    assert document.metadata["format"] == "json"


def test_lists_of_like_objects_are_tables_after_what_is_plain():
    lines, document = _lines(
        '{"items": [{"sku": "A", "price": {"inr": 10}}, {"sku": "B", "price": {"inr": 20}}], "n": 2}'
    )
    assert lines == ["n: 2", "items", "sku: A | price.inr: 10", "sku: B | price.inr: 20"]
    assert [block.kind.value for block in document.blocks] == ["list_item", "heading", "table_row", "table_row"]


def test_json_lines_keep_a_line_that_was_cut():
    lines, document = _lines('{"q": "What?", "a": "That."}\n{"q": "Who?", "a": "She."}\n{"q": "cu', "log")
    assert lines == ["q: What? | a: That.", "q: Who? | a: She.", '{"q": "cu']
    assert document.metadata["format"] == "jsonl"


@pytest.mark.parametrize(
    "text", ["[1] A note, not a list", "{braces} in prose", '{"cut": "off', "[see below]\n[and above]"]
)
def test_what_only_starts_like_json_is_text(text):
    assert load(text.encode(), name="a.txt").metadata["format"] == "text"
    assert load(text.encode(), name="a.json").metadata["declared_format"] == "json"


def test_deep_values_are_refused_by_name():
    with pytest.raises(LimitExceededError, match="max_depth is 256"):
        load(("[" * 300 + "1" + "]" * 300).encode(), name="deep.json")
    with pytest.raises(LimitExceededError, match="too deeply"):
        load(b"[" * 1_000_000, name="deep.json")
    assert load(b"[" * 100_000, name="wall.txt").metadata["format"] == "text"


def test_keys_inside_each_other_are_bounded():
    value = 1
    for _ in range(100):
        value = {"k" * 1_000: value}
    with pytest.raises(LimitExceededError, match="keys"):
        load(json.dumps(value).encode())


def test_values_are_counted_before_they_are_made():
    with pytest.raises(LimitExceededError, match="max_cells"):
        load(("[" + "[]," * 60 + "[]]").encode(), limits=LoadLimits(max_cells=100))
