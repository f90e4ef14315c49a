"""Images on their way to the service, and videos on their way to the disk."""
