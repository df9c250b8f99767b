"""Draws docs/images/size-and-speed.svg from the first table of docs/which-mode.md.

``python tools/picture.py [IMAGE]``, with Matplotlib; another ending makes another kind of image.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

DOCS = Path(__file__).parent.parent / "docs"
IMAGE = DOCS / "images" / "size-and-speed.svg"
BASES = 4_641_652


def measured(page: Path) -> dict[str, tuple[float, float]]:
    """Tool -> kB and CPU seconds of compressing, of the page's first table with these columns."""
    table, *_ = re.findall(r"^\| tool \| bytes .*\n(?:\|.*\n)+", page.read_text(), re.M)
    found = {}
    for line in table.splitlines()[2:]:
        tool, size, _, seconds, *_ = (cell.strip() for cell in line.strip("|").split("|"))
        found[tool] = (int(size.replace(",", "")) / 1000, float(seconds))
    return found


def draw(points: dict[str, tuple[float, float]], image: Path) -> None:
    """Size against seconds; what is below and to the left is better."""
    import matplotlib

    matplotlib.use("agg")
    matplotlib.rcParams.update(
        {"svg.hashsalt": "acgz", "font.size": 11, "font.family": "DejaVu Sans"}
    )
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8, 4.6), layout="constrained")
    for tool, (size, seconds) in points.items():
        ours = tool.startswith("acgz")
        colour = "#00796b" if ours else "#757575"
        axes.plot(seconds, size, "o" if ours else "s", color=colour, markersize=8 if ours else 6)
        weight = "bold" if ours else "normal"
        axes.annotate(
            tool.partition(" -")[0],
            (seconds, size),
            (6, -14 if ours else 5),  # so that neighbours can be read
            textcoords="offset points",
            color=colour,
            weight=weight,
        )
    axes.axhline(BASES / 4000, color="#bdbdbd", linewidth=1, zorder=0)
    axes.annotate(
        "two bits per base",
        (60, BASES / 4000),
        (0, 4),
        textcoords="offset points",
        color="#757575",
        size=9,
        ha="center",
    )
    axes.set_xscale("log")
    axes.set_xlim(0.2, 130)
    axes.set_ylim(1010, 1320)
    axes.set_xticks([0.3, 1, 3, 10, 30, 100], ["0.3", "1", "3", "10", "30", "100"])
    axes.set_xlabel("seconds of CPU to compress (less is better)")
    axes.set_ylabel("kB (less is better)")
    axes.set_title("Escherichia coli, 4.6 million bases", loc="left")
    axes.spines[["top", "right"]].set_visible(False)
    axes.minorticks_off()
    figure.savefig(image, metadata={"Date": None} if image.suffix == ".svg" else None, dpi=120)


if __name__ == "__main__":
    draw(measured(DOCS / "which-mode.md"), Path(sys.argv[1]) if sys.argv[1:] else IMAGE)
