"""The rows of a bench as one page of HTML: nothing in it comes from elsewhere, and nothing runs."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from acgz.bench.child import Usage
from acgz.bench.report import LEGEND, as_cells, columns
from acgz.bench.run import MISSING, OK, Row

WIDTH, HEIGHT = 900, 460
"""Of the drawing, in its own units."""
_LEFT, _RIGHT, _TOP, _BOTTOM = 60, 150, 30, 50
"""Margins: labels stand to the right of points."""
_LABEL = 15
"""Height of a label."""


@dataclass(frozen=True)
class Point:
    """A tool on all files together."""

    tool: str
    ours: bool
    bits_per_base: float
    compress: float
    """kB/s."""
    decompress: float


def as_page(rows: Sequence[Row], about: Mapping[str, object], ours: Iterable[str]) -> str:
    """The page. ``about``: what was run where. ``ours``: the tools that are modes of acgz.

    A drawing of bits/base against speed, bars for each file, bars of memory, and the table.
    """
    own = set(ours)
    facts = "".join(
        f"<div><dt>{_text(key.replace('_', ' '))}</dt> <dd>{_text(value)}</dd></div>"
        for key, value in about.items()
    )
    missing = {row.tool: None for row in rows if row.status.startswith(MISSING)}
    rows = [row for row in rows if row.tool not in missing]
    files = list(dict.fromkeys(row.genome for row in rows))
    return _PAGE.format(
        style=_STYLE,
        facts=facts,
        missing=f"<p>Not installed: {_text(', '.join(missing))}.</p>" if missing else "",
        speed=_drawing(points(rows, own), rows),
        files="".join(_file_bars(file, rows, own) for file in files),
        memory=_memory_bars(rows, own),
        table=_table(rows, own),
        legend=_text(LEGEND),
    )


def points(rows: Sequence[Row], ours: set[str]) -> list[Point]:
    """The tools that restored all files, with sizes and times of all files added up."""
    files = {row.genome for row in rows}
    found = []
    for tool in dict.fromkeys(row.tool for row in rows):
        own = [row for row in rows if row.tool == tool and row.status == OK and row.bits_per_base]
        if {row.genome for row in own} != files:
            continue
        kilobytes = sum(row.input_bytes for row in own) / 1000
        times = [
            max(sum(run.seconds for run in runs if run is not None), 1e-9)
            for runs in zip(*((row.compress, row.decompress) for row in own), strict=True)
        ]
        bits = 8 * sum(row.packed_bytes or 0 for row in own) / sum(row.bases for row in own)
        found.append(Point(tool, tool in ours, bits, kilobytes / times[0], kilobytes / times[1]))
    return found


def _drawing(found: Sequence[Point], rows: Sequence[Row]) -> str:
    """Bits/base against speed as SVG, or why there is none."""
    if not found:
        return "<p>No tool restored all files with bases in them.</p>"
    speeds = [speed for point in found for speed in (point.compress, point.decompress)]
    low = 10.0 ** math.floor(math.log10(min(speeds)))
    high = 10.0 ** math.ceil(math.log10(max(speeds) * 1.001))
    bits = [point.bits_per_base for point in found]
    step = _step(max(bits) - min(bits))
    least = step * math.floor(min(bits) / step - 0.2)
    most = step * math.ceil(max(bits) / step + 0.2)

    def x(speed: float) -> float:
        share = math.log10(speed / low) / math.log10(high / low)
        return _LEFT + share * (WIDTH - _LEFT - _RIGHT)

    def y(value: float) -> float:
        return HEIGHT - _BOTTOM - (value - least) / (most - least) * (HEIGHT - _TOP - _BOTTOM)

    lines = [*_grid(x, y, (low, high), (least, most, step))]
    taken = [
        (x(speed) - 7, x(speed) + 7, y(point.bits_per_base))
        for point in found
        for speed in (point.compress, point.decompress)
    ]
    for point in sorted(found, key=lambda point: point.bits_per_base):
        ends = x(point.compress), x(point.decompress)
        at = y(point.bits_per_base)
        label = _free(max(ends) + 10, at, 7 * len(point.tool), taken)
        words = (
            f"{point.tool}: {point.bits_per_base:.4f} bits/base, compresses "
            f"{point.compress:,.0f} kB/s, decompresses {point.decompress:,.0f} kB/s"
        )
        lines += [
            f'<g class="{"ours" if point.ours else "peer"}"><title>{_text(words)}</title>',
            f'<line x1="{ends[0]:.1f}" y1="{at:.1f}" x2="{ends[1]:.1f}" y2="{at:.1f}"/>',
            f'<circle cx="{ends[0]:.1f}" cy="{at:.1f}" r="5"/>',
            f'<circle class="back" cx="{ends[1]:.1f}" cy="{at:.1f}" r="5"/>',
            f'<text x="{max(ends) + 10:.1f}" y="{label + 4:.1f}">{_text(point.tool)}</text></g>',
        ]
    files = len({row.genome for row in rows})
    what = "The file" if files == 1 else f"All {files} files together"
    drawn = {point.tool for point in found}
    others = ", ".join(dict.fromkeys(row.tool for row in rows if row.tool not in drawn))
    without = f" Not here, for want of a result for each file: {_text(others)}." if others else ""
    return (
        f'<figure><svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="bits per base against speed">{"".join(lines)}</svg>'
        f"<figcaption>{what}: filled points compress, hollow ones decompress. "
        f"Further down is smaller, further to the right is faster.{without}</figcaption></figure>"
    )


def _grid(
    x: Callable[[float], float],
    y: Callable[[float], float],
    speeds: tuple[float, float],
    bits: tuple[float, float, float],
) -> Iterable[str]:
    """Lines and numbers of both axes; ``bits``: least, most, and what lies between two lines."""
    right, floor = WIDTH - _RIGHT, HEIGHT - _BOTTOM
    least, most, step = bits
    digits = max(0, -math.floor(math.log10(step)))
    for number in range(round((most - least) / step) + 1):
        value = least + number * step
        at = y(value)
        yield (
            f'<line class="grid" x1="{_LEFT}" y1="{at:.1f}" x2="{right}" y2="{at:.1f}"/>'
            f'<text class="axis end" x="{_LEFT - 8}" y="{at + 4:.1f}">{value:.{digits}f}</text>'
        )
    speed = speeds[0]
    while speed <= speeds[1] * 1.001:
        words = f"{speed:,.0f}" if speed >= 1 else f"{speed:g}"
        yield (
            f'<line class="grid" x1="{x(speed):.1f}" y1="{_TOP}" x2="{x(speed):.1f}" y2="{floor}"/>'
            f'<text class="axis middle" x="{x(speed):.1f}" y="{floor + 18}">{words}</text>'
        )
        speed *= 10
    yield f'<text class="axis middle" x="{(_LEFT + right) / 2}" y="{HEIGHT - 8}">kB/s</text>'
    yield f'<text class="axis" x="{_LEFT - 50}" y="12">bits/base</text>'


def _step(span: float) -> float:
    """What lies between two lines of a grid: 1, 2 or 5 times a power of ten."""
    rough = max(span, 1e-3) / 6
    power = 10.0 ** math.floor(math.log10(rough))
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)


def _free(begin: float, y: float, width: float, taken: list[tuple[float, float, float]]) -> float:
    """A height near ``y`` where a label covers nothing else; its place is taken from now on.

    ``taken``: of each thing where it begins and ends, and its height.
    """
    places = [y + sign * _LABEL * count / 3 for count in range(60) for sign in (1, -1)]
    for place in places:
        if all(
            abs(place - height) >= _LABEL or end < begin or start > begin + width
            for start, end, height in taken
        ):
            break
    else:
        place = y
    taken.append((begin, begin + width, place))
    return place


def _file_bars(file: str, rows: Sequence[Row], ours: set[str]) -> str:
    own = [row for row in rows if row.genome == file]
    bars = [(row, row.bits_per_base) for row in own if row.status == OK and row.bits_per_base]
    bars.sort(key=lambda bar: bar[1])
    bases = max((row.bases for row in own), default=0)
    what = f"<h3>{_text(file)} <small>{bases:,} bases</small></h3>"
    if not bars:
        return f"{what}<p>Nothing to show: no bases, or no tool restored them.</p>"
    longest = bars[-1][1]
    return what + "".join(
        _bar(row.tool, value / longest, f"{value:.4f}", row.tool in ours) for row, value in bars
    )


def _memory_bars(rows: Sequence[Row], ours: set[str]) -> str:
    """The most memory that each tool took with any of the files."""
    most: dict[str, Usage] = {}
    for row in rows:
        if row.peak is not None and row.status == OK:
            before = most.get(row.tool)
            if before is None or row.peak.peak_bytes > before.peak_bytes:
                most[row.tool] = row.peak
    if not most:
        return "<p>Nothing was measured.</p>"
    bars = sorted(most.items(), key=lambda item: item[1].peak_bytes)
    longest = bars[-1][1].peak_bytes
    return "".join(
        _bar(
            tool,
            peak.peak_bytes / longest,
            ("< " if peak.peak_bytes <= peak.floor_bytes else "") + f"{peak.peak_bytes / 1e6:,.0f}",
            tool in ours,
        )
        for tool, peak in bars
    )


def _bar(label: str, share: float, value: str, ours: bool) -> str:
    kind = "ours" if ours else "peer"
    return (
        f'<div class="bar {kind}"><span>{_text(label)}</span>'
        f'<b><i style="width:{100 * share:.2f}%"></i></b><em>{_text(value)}</em></div>\n'
    )


def _table(rows: Sequence[Row], ours: set[str]) -> str:
    head = "".join(f"<th>{_text(name)}</th>" for name in columns())
    lines = []
    for row in rows:
        cells = "".join(f"<td>{_text(cell)}</td>" for cell in as_cells(row))
        kind = "bad" if row.status != OK else "ours" if row.tool in ours else "peer"
        lines.append(f'<tr class="{kind}">{cells}</tr>')
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table>"


def _text(value: object) -> str:
    return escape(str(value))


_STYLE = """
:root { color-scheme: light dark; --ink: #1d232b; --paper: #fff; --soft: #6b7480;
  --grid: #dfe3e8; --ours: #0a6c74; --peer: #9aa3ad; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ed; --paper: #14181d;
  --soft: #98a2ad; --grid: #2c333b; --ours: #4fc3cb; --peer: #6f7a86; --bad: #ff8a80; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  max-width: 960px; margin: 2em auto; padding: 0 1em; }
h1, h2, h3 { line-height: 1.2; } h2 { margin-top: 2em; } small, figcaption, .legend, dt
  { color: var(--soft); font-weight: normal; }
dl { display: flex; flex-wrap: wrap; gap: .2em 1.5em; margin: 0; }
dt, dd { display: inline; margin: 0; }
figure { margin: 1em 0; } svg { width: 100%; height: auto; }
svg text { font: 12px system-ui, sans-serif; fill: var(--ink); }
svg .axis { fill: var(--soft); } .end { text-anchor: end; } .middle { text-anchor: middle; }
.grid { stroke: var(--grid); } g line { stroke: var(--peer); } g.ours line { stroke: var(--ours); }
circle { fill: var(--peer); stroke: var(--peer); stroke-width: 2; }
.ours circle { fill: var(--ours); stroke: var(--ours); } circle.back, .ours circle.back
  { fill: var(--paper); }
g.ours text, .bar.ours span, tr.ours td:nth-child(2) { font-weight: 600; }
.bar { display: grid; grid-template-columns: 11em 1fr 6em; gap: .8em; align-items: center; }
.bar span { text-align: right; overflow-wrap: anywhere; } .bar em { font-style: normal;
  font-variant-numeric: tabular-nums; } .bar i { display: block; height: .8em;
  background: var(--peer); border-radius: 0 3px 3px 0; min-width: 1px; }
.bar.ours i { background: var(--ours); }
.wide { overflow-x: auto; } table { border-collapse: collapse; font-size: 13px;
  font-variant-numeric: tabular-nums; }
td, th { padding: .2em .7em; border-bottom: 1px solid var(--grid); text-align: right;
  white-space: nowrap; }
td:nth-child(-n+3), th:nth-child(-n+3), td:last-child { text-align: left; }
tr.bad td { color: var(--bad); } td:last-child { color: var(--soft); }
"""

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>acgz bench</title><style>{style}</style></head><body>
<h1>acgz bench</h1>
<dl>{facts}</dl>
{missing}
<h2>Size and speed</h2>
{speed}
<h2>Bits per base, file by file</h2>
{files}
<h2>Memory <small>MB, the most that compressing or decompressing took</small></h2>
{memory}
<h2>Table</h2>
<div class="wide">{table}</div>
<p class="legend">{legend}</p>
</body></html>
"""
