"""Images into videos."""
