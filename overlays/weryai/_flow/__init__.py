"""What an operation wants done, as values: effects, orders, tasks, when to try again. Performs nothing."""
