"""The tree drawn in the docstring is the tree of classes."""

from __future__ import annotations

import inspect
import pickle
import re

import pytest

from konverze_core import errors

_LINE = re.compile(r"(?P<indent>[ │├└─]*)(?P<name>[A-Z]\w+Error)\b")


def _drawn():
    """Name of each class in the drawing, with its parent's."""
    tree, path = {}, []
    for line in errors.__doc__.splitlines():
        if (found := _LINE.match(line)) is not None:
            depth = len(found["indent"]) // 4 - 1
            path[depth:] = [found["name"]]
            tree[found["name"]] = path[depth - 1] if depth else "Exception"
    return tree


def _written():
    classes = [value for value in vars(errors).values() if inspect.isclass(value) and issubclass(value, Exception)]
    return {cls.__name__: cls.__bases__[0].__name__ for cls in classes}


def test_drawing_and_classes_agree():
    assert _drawn() == _written()
    assert len(_drawn()) > 20


@pytest.mark.parametrize("name", sorted(_written()))
def test_every_error_has_one_parent_and_says_what_it_means(name):
    cls = getattr(errors, name)
    assert len(cls.__bases__) == 1
    assert issubclass(cls, errors.KonverzeError)
    assert cls.__doc__ != cls.__bases__[0].__doc__


def test_a_load_error_names_the_file_and_survives_a_process_boundary():
    error = pickle.loads(pickle.dumps(errors.CorruptFileError("a.pdf", "truncated")))
    assert (error.source, error.reason, str(error)) == ("a.pdf", "truncated", "a.pdf: truncated")


def test_a_quota_names_the_setting_and_survives_a_process_boundary():
    error = pickle.loads(pickle.dumps(errors.QuotaExceededError("a.pdf", "max_documents", "is 2")))
    assert (error.source, error.quota, str(error)) == ("a.pdf", "max_documents", "a.pdf: max_documents is 2")


def test_a_rate_limit_says_how_long_to_wait():
    assert errors.RateLimitedError("requests", retry_after_s=1.5).retry_after_s == 1.5
