"""The exit codes: 0 all well, 1 found something, 2 cannot tell, 3 wrong usage or settings."""

from typing import Final

WELL: Final = 0
FOUND: Final = 1
CANNOT_TELL: Final = 2
WRONG: Final = 3
