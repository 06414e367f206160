"""Measurements of the watcher at the size of a large cluster: ``make bench``."""
