"""CSV and JSON, and what all tables share."""
