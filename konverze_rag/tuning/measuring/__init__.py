"""Scores, intervals, comparisons, and what is told of answers."""
