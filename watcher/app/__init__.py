"""The composition root: makes adapters from settings, hands them to the cycles, runs the daemon.

The only place that hands out a clock.
"""
