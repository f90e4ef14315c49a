"""The jobs of a bulk run, one row each, in SQLite or PostgreSQL."""
