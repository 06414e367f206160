"""The one HTTP session of all peers, the home of ``requests``."""
