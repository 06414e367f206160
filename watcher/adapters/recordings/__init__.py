"""Recordings of looks: written, read, and played again."""
