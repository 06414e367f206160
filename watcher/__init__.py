"""Knows which scrape jobs Prometheus should have, sees when one is gone, and says why."""

__version__ = "0.1.0"
