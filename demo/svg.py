"""A picture of what a console has drawn, that needs no font and nothing else from elsewhere."""

import re

from rich.console import Console


def drawn(console: Console) -> str:
    """What the recording *console* has printed so far, as SVG."""
    picture = console.export_svg(title="make demo WAIT=0", unique_id="demo")
    without_fonts = re.sub(r"@font-face \{.*?\}\s*", "", picture, flags=re.DOTALL)
    alone = without_fonts.replace("Fira Code", "DejaVu Sans Mono").replace(
        "<!-- Generated with Rich https://www.textualize.io -->", ""
    )
    return re.sub(r"[ \t]+$", "", alone, flags=re.MULTILINE)
