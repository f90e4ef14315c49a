"""What one emulator remembers: tasks, uploads, bills, exchanges."""
