"""A profile as a picture: one row for each record, with its repeats and its simple parts marked."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from acgz.errors import MissingDependencyError, UsageError
from acgz.profiles import Profile, is_simple

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

KINDS = (".png", ".svg", ".pdf", ".html")
"""Endings of a name that say what picture it is."""

_POINTS = 1200
"""Across the longest record: about one for each pixel."""
_MOST_ROWS = 30
_STEP = 100
"""Letters of which the cheapest stretch is looked for at a point."""
_CHEAP = 1.0
"""Bits a base below which a stretch counts as a repeat: half of what chance costs."""
_MOST = 2.2
_COLOURS = {"mean": "#37474f", "least": "#b0bec5", "repeat": "#d84315", "simple": "#1565c0"}


class Row(NamedTuple):
    """What is drawn of a record; the arrays have shape (points,)."""

    name: str
    length: int
    places: NDArray[np.float64]
    """Middle of each point, in Mb."""
    mean: NDArray[np.float64]
    """Bits a base; NaN where there are no bases."""
    least: NDArray[np.float64]
    """The mean of the cheapest `_STEP` letters there."""
    repeat: NDArray[np.float64]
    """Share of letters in stretches that are cheap and not simple."""
    simple: NDArray[np.float64]
    """Share of letters in pieces of low complexity."""


def kind_of(path: str) -> str:
    """The ending that says what picture it is; UsageError for another one."""
    kind = os.path.splitext(path)[1].lower()
    if kind not in KINDS:
        raise UsageError(f"a plot ends in {', '.join(KINDS[:-1])} or {KINDS[-1]}, not in {kind!r}")
    return kind


def rows_of(profiles: Sequence[Profile], letters: Sequence[NDArray[np.uint8]]) -> list[Row]:
    """The longest records, in their order. ``letters``: of each record."""
    sizes = sorted((one.bits.size for one in profiles), reverse=True)[:_MOST_ROWS]
    shortest = max(1, sizes[-1] if sizes else 1)
    chosen = [pair for pair in zip(profiles, letters, strict=True) if len(pair[1]) >= shortest]
    point = max(1, -(-max(sizes, default=1) // (_POINTS * _STEP))) * _STEP
    return [_row(one, own, point) for one, own in chosen[:_MOST_ROWS]]


def draw(rows: Sequence[Row], title: str, kind: str, left_out: int = 0) -> bytes:
    """The picture as a file. ``left_out``: so many records are not among the ``rows``."""
    figure = _figure(rows, title, left_out)
    if kind == ".html":
        return _page(_saved(figure, "svg"), rows, title).encode()
    return _saved(figure, kind[1:])


def _row(one: Profile, letters: NDArray[np.uint8], point: int) -> Row:
    size = one.bits.size
    points = max(1, -(-size // point))
    simple = is_simple(letters)
    steps = _means(one.bits, _STEP, -(-size // _STEP))
    cheap = np.repeat(steps < _CHEAP, _STEP)[:size]
    known = ~np.isnan(one.bits)
    shares = [
        _means(np.where(known, part, np.nan), point, points) for part in (cheap & ~simple, simple)
    ]
    by_point = _padded(steps, point // _STEP, points)
    least = np.where(np.isnan(by_point), np.inf, by_point).min(axis=1)
    return Row(
        one.name or "(no name)",
        size,
        (np.arange(points, dtype=np.float64) + 0.5) * (point / 1e6),
        _means(one.bits, point, points),
        np.where(np.isinf(least), np.nan, least),
        np.nan_to_num(shares[0]),
        np.nan_to_num(shares[1]),
    )


def _padded(values: NDArray[Any], width: int, rows: int) -> NDArray[np.float64]:
    """The values in rows of a width, NaN behind them."""
    padded = np.full(rows * width, np.nan)
    padded[: values.size] = values
    return padded.reshape(rows, width)


def _means(values: NDArray[Any], width: int, rows: int) -> NDArray[np.float64]:
    """Means of every ``width`` values, of those that are known; NaN if none is."""
    padded = _padded(values, width, rows)
    known = ~np.isnan(padded)
    counts = known.sum(axis=1)
    sums = np.where(known, padded, 0).sum(axis=1)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)


def check_library() -> None:
    """MissingDependencyError without Matplotlib."""
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise MissingDependencyError(
            "a plot needs matplotlib, which is not installed: pip install 'acgz[plot]'"
        ) from None


def _figure(rows: Sequence[Row], title: str, left_out: int) -> Figure:
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context({"svg.hashsalt": "acgz", "font.family": "DejaVu Sans"}):
        height = 1.3 + 0.55 * max(1, len(rows))
        figure = Figure(figsize=(11, height), layout="constrained")
        grid = figure.subplots(max(1, len(rows)), 1, sharex=True, squeeze=False)[:, 0]
        for axes, row in zip(grid, rows, strict=False):
            _draw_row(axes, row)
        # Pictures, which the strips are, set limits of their own.
        grid[-1].set_xlim(0, max((row.length for row in rows), default=1) / 1e6)
        grid[-1].set_xlabel("Mb")
        grid[-1].tick_params(bottom=True, labelbottom=True)
        more = f", the {len(rows)} longest of {len(rows) + left_out} records" if left_out else ""
        figure.suptitle(title + more, fontsize=11, x=0.01, ha="left")
        figure.legend(*_legend(), loc="outside lower left", ncols=4, fontsize=8, frameon=False)
    return figure


def _draw_row(axes: Axes, row: Row) -> None:
    """Cost above, two strips below: repeats and simple parts, the darker the more of them."""
    axes.fill_between(row.places, row.least, row.mean, color=_COLOURS["least"], linewidth=0)
    axes.plot(row.places, row.mean, color=_COLOURS["mean"], linewidth=0.7)
    end = row.length / 1e6
    for bottom, name in ((-0.32, "repeat"), (-0.64, "simple")):
        share = np.clip(getattr(row, name), 0, 1)
        image = np.zeros((1, share.size, 4))
        image[..., :3] = _rgb(_COLOURS[name])
        image[..., 3] = np.where(share > 0.04, 0.1 + 0.9 * share, 0)
        axes.imshow(
            image, extent=(0, end, bottom, bottom + 0.26), aspect="auto", interpolation="none"
        )
    axes.set_ylim(-0.7, _MOST)
    axes.set_yticks([0, 2], ["0", "2"], fontsize=6)
    axes.hlines(2, 0, end, color="#cfd8dc", linewidth=0.5, zorder=0)
    axes.vlines(end, 0, 2, color="#90a4ae", linewidth=0.6)
    axes.spines[:].set_visible(False)
    axes.tick_params(bottom=False, labelsize=7)
    label = row.name if len(row.name) <= 18 else row.name[:17] + "…"
    axes.set_ylabel(label, rotation=0, ha="right", va="center", fontsize=8)


def _legend() -> tuple[list[Any], list[str]]:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles = [
        Line2D([], [], color=_COLOURS["mean"], linewidth=1),
        *(Patch(color=_COLOURS[name]) for name in ("least", "repeat", "simple")),
    ]
    return handles, [
        "bits a base, mean",
        f"down to the cheapest {_STEP} bases",
        f"repeats: below {_CHEAP:g} bit, not simple",
        "low complexity (DUST)",
    ]


def _rgb(colour: str) -> tuple[float, ...]:
    return tuple(int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))


def _saved(figure: Figure, form: str) -> bytes:
    out = io.BytesIO()
    dates = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}
    figure.savefig(out, format=form, dpi=110, metadata=dates.get(form))
    return out.getvalue()


def _page(svg: bytes, rows: Sequence[Row], title: str) -> str:
    drawing = svg.decode()
    drawing = drawing[drawing.index("<svg") :]
    cells = "".join(
        f"<tr><td>{escape(row.name)}</td><td>{row.length:,}</td><td>{_mean(row.mean):.3f}</td>"
        f"<td>{100 * _mean(row.repeat):.1f} %</td><td>{100 * _mean(row.simple):.1f} %</td></tr>\n"
        for row in rows
    )
    return _PAGE.format(title=escape(title), drawing=drawing, cells=cells)


def _mean(values: NDArray[np.float64]) -> float:
    """Of what is known; 0 if nothing is."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else 0.0


_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<style>body {{font: 14px sans-serif; margin: 2em; color: #263238}}
svg {{max-width: 100%; height: auto}} table {{border-collapse: collapse}}
td, th {{padding: .2em .8em; text-align: right;
border-bottom: 1px solid #eceff1}} td:first-child, th:first-child {{text-align: left}}</style>
</head><body><h1>{title}</h1>
{drawing}
<table><tr><th>record</th><th>letters</th><th>bits/base</th><th>repeats</th>
<th>low complexity</th></tr>
{cells}</table></body></html>
"""
