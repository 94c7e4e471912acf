"""Renewals of key leases in the background."""

from __future__ import annotations

import threading


def wait_for_renewals():
    """Returns when none is under way any more."""
    for thread in threading.enumerate():
        if thread.name == "konverze-lease":
            thread.join()
