"""What is known and decided after a run: status, export, resolve."""
