"""The contract as the emulator reads it: shapes of requests and responses."""
