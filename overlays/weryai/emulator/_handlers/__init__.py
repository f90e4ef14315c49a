"""What the emulator does with a request."""
