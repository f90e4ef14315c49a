"""What changed between two versions of the contract, in words, and whether it breaks callers."""
