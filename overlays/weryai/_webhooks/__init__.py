"""What the service calls back with, and who is told."""
