"""What brings jobs from queued to done: dispatchers, the job body, limits."""
