"""The cycles that the schedule runs: snapshot, watch, inspect; and the look that ``once`` shares.

Here, and nowhere further in, the clock is read, ports are called, and it is decided what an error
means. "Job" in this package always means a scrape job; what the scheduler runs is a cycle.
"""
