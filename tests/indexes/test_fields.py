"""Length-prefixed fields."""

from __future__ import annotations

import pytest

from konverze_core.errors import ConfigError
from konverze_indexes.fields import canonical


def test_the_bytes_are_as_documented():
    assert canonical() == b""
    assert canonical("a", "", "हि") == b"\0\1a\0\0\0\6\xe0\xa4\xb9\xe0\xa4\xbf"


def test_fields_do_not_run_into_each_other():
    assert len({canonical("ab", "c"), canonical("a", "bc"), canonical("abc"), canonical("abc", "")}) == 4


@pytest.mark.parametrize("field", ["a" * 65_536, "\ud800"])
def test_fields_that_cannot_be_written_are_refused(field):
    with pytest.raises(ConfigError):
        canonical(field)
