"""Cold start (DeepGeCo, Figure 1): bits/base of each batch, with and without the Warm-Start."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from acgz.codec import Job
from acgz.errors import MissingDependencyError
from acgz.nets.deepgeco import codec as deepgeco
from acgz.nets.deepgeco.settings import DeepGeCoSettings
from acgz.nets.deepgeco.trial import bits_of_batches
from acgz.settings import JSON

Curve = NDArray[np.float64]
"""Bits/base of the batches, one after the other."""

CURVES: Mapping[str, Mapping[str, JSON]] = {
    "without Warm-Start": {"level": "plus", "warm_start": "none"},
    "PLUS": {"level": "plus"},
    "MINI": {"level": "mini"},
}
"""Name -> settings of the codec."""

MEAN = 10
"""Batches of which table and plot show the mean: single ones differ by 0.02 bits/base."""


def curve(residues: NDArray[np.uint8], settings: Mapping[str, JSON], job: Job) -> Curve:
    """What an ideal coder needs for each whole batch of the codec, in bits/base."""
    chosen = DeepGeCoSettings.of(settings, "deepgeco")
    with threadpool_limits(limits=job.threads), deepgeco.workers_of(chosen, job) as workers:
        parts = deepgeco.prepare(residues, chosen, job, workers)
        if parts.predictor is None:
            return np.zeros(0)
        bits = bits_of_batches(parts.predictor, parts.symbols, parts.lanes)
    return bits / (parts.lanes * parts.grid.s)


def as_table(curves: Mapping[str, Curve], rows: int = 12) -> str:
    """Means of `MEAN` batches each, at places that lie ever further apart."""
    groups = min(values.size for values in curves.values()) // MEAN
    places = np.unique(np.geomspace(1, max(1, groups), rows).astype(np.int64) - 1)
    lines = [f"{'batches':>13} " + "".join(f"{name:>20}" for name in curves)]
    for place in places[places < groups]:
        first, last = place * MEAN, (place + 1) * MEAN
        means = "".join(f"{values[first:last].mean():20.4f}" for values in curves.values())
        lines.append(f"{f'{first + 1} to {last}':>13} {means}")
    return "\n".join([*lines, ""])


def draw(curves: Mapping[str, Curve], title: str, path: Path) -> None:
    """The curves as a picture; its format is that of the name. Needs matplotlib."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingDependencyError(
            "this needs matplotlib, which is not installed: pip install 'acgz[plot]'"
        ) from error
    figure = Figure(figsize=(7, 3.6), layout="constrained")
    axes = figure.subplots()
    for name, values in curves.items():
        groups = values[: values.size // MEAN * MEAN].reshape(-1, MEAN).mean(1)
        axes.plot((np.arange(groups.size) + 0.5) * MEAN, groups, label=name, linewidth=1.2)
    axes.set(title=title, xlabel="batch", ylabel="bits/base")
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(path, dpi=110)
