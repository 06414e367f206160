"""How deep the tests go: quick by `make test`, deep by `make test-all` (DEEP=1)."""

import os
from typing import Final

DEEP: Final = os.environ.get("DEEP") == "1"
"""Every example of the property tests, and every version of Prometheus that can be had."""
