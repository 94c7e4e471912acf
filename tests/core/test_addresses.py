"""Which hosts are this machine."""

import pytest

from konverze_core.addresses import is_loopback


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9", "::1"])
def test_loopback(host):
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["", "localhost.evil.example", "127.0.0.1.evil.example", "10.0.0.1", "::2", "0.0.0.0"])
def test_elsewhere(host):
    assert not is_loopback(host)
