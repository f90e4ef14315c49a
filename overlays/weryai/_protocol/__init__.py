"""The service's language: what is sent is checked, what comes back is read."""
