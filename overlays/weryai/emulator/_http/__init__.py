"""How the emulator talks HTTP, broken responses included."""
