"""Named fakes for the tests, each in its own file."""
