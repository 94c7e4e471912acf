"""The command line, `konverze`."""

from konverze_rag.cli import commands, conversations, inspecting, keeping, measuring, tuning
from konverze_rag.cli.app import app, main

__all__ = ["app", "commands", "conversations", "inspecting", "keeping", "main", "measuring", "tuning"]
