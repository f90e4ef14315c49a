"""What the page and the control API of the emulator show."""
