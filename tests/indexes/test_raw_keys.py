"""Raw data keys stay inside the library: nothing exports one, and no SDK that could is imported unasked.

Raw-key export would be a way, by a public name, to the 32 bytes of a data key. Those are in `DataKey.secret`, are read
in the modules below alone, and neither `DataKey` nor what holds one is a name of the public API.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import os
import subprocess
import sys
from pathlib import Path

import pytest

import konverze_rag as kr
from konverze_indexes.datakeys import DataKey
from konverze_indexes.keyring import Keyring

READERS = {
    "konverze_indexes.datakeys",
    "konverze_indexes.keywrap",
    "konverze_rag.conversations.daykeys",
}
SDKS = ("azure", "boto3", "botocore", "hvac", "obstore", "requests", "tink")
PROGRAM = """
import sys
import konverze_rag as kr
settings = kr.Settings(openai_api_key=None, openai_base_url=None, embeddings="none")
with kr.Engine.open(sys.argv[1], settings=settings) as engine:
    engine.tenant("acme").ingest(b"Refunds take 7 days.", source="policy")
    engine.tenant("acme").ask("How long?")
sys.stdout.write(" ".join(sys.modules))
"""


def _sources():
    for name in ("konverze_core", "konverze_loaders", "konverze_indexes", "konverze_rag"):
        root = Path(importlib.import_module(name).__file__).parent
        for path in root.rglob("*.py"):
            yield ".".join([name, *path.relative_to(root).with_suffix("").parts]), ast.parse(path.read_text("utf-8"))


def test_an_engine_of_its_own_imports_no_sdk_that_handles_keys(tmp_path):
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-c", PROGRAM, str(tmp_path)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    imported = done.stdout.split()
    assert "konverze_indexes.keyring" in imported
    assert not [name for name in imported if name.partition(".")[0] in SDKS]
    assert not [name for name in imported if name.startswith("konverze_indexes.keyproviders.")]


def test_only_the_modules_that_seal_and_wrap_read_the_secret_of_a_data_key():
    readers = {
        name
        for name, tree in _sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr == "secret" and "keyfile" not in name  # its own KEKs
    }
    assert readers == READERS


def test_no_function_is_there_to_export_keys():
    names = {
        f"{module}.{node.name}"
        for module, tree in _sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and ("export" in node.name or "dump" in node.name)
    }
    assert not [name for name in names if "key" in name]


def test_the_public_api_neither_names_nor_returns_a_data_key():
    holders = (DataKey, Keyring)
    public = [getattr(kr, name) for name in kr.__all__]
    assert not [value for value in public if inspect.isclass(value) and issubclass(value, holders)]
    members = [
        (f"{value.__name__}.{name}", member)
        for value in public
        if inspect.isclass(value)
        for name, member in vars(value).items()
        if not name.startswith("_")
    ]
    assert len(members) > 100
    hints = {
        name: str(getattr(getattr(member, "fget", member), "__annotations__", {}).get("return"))
        for name, member in members
    }
    assert not [name for name, hint in hints.items() if any(kind.__name__ in hint for kind in holders)]


@pytest.mark.parametrize("copy", ["__reduce__", "__reduce_ex__"])
def test_data_keys_show_nothing_and_are_not_copied(copy):
    key = DataKey.fresh()
    assert key.secret.hex() not in repr(key) + str(key)
    assert repr(key.secret) not in repr(key)
    with pytest.raises(TypeError):
        getattr(key, copy)(*[2][: copy == "__reduce_ex__"])
