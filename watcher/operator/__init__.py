"""What prometheus-operator makes of custom resources, without running it.

Ground: prometheus-operator v0.93.0 (6adcebc5) and, where said, older versions. Everything here is
a pure function of raw objects; nothing reads a cluster, a clock or a file.
"""
