"""The paid requests of one service and key, in one SQLite file."""
