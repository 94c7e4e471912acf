"""Questions whose answers are known, and where they come from."""
