"""Pictures, and pages in one file."""
