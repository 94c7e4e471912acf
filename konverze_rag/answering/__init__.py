"""The decisions of the answer pipeline: pure functions over frozen values, no input or output, no model calls."""
