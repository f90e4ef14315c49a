"""The emulator's time, what is due by it, and who hears of a change."""
