"""What performs flows: HTTP, threads, event loops, limits."""
