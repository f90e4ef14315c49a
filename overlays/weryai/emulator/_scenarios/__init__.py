"""What may go wrong, as tables of named scenarios."""
