"""ULTRA: fits a Warm-Start network to one input, as far as storing the changes pays."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acgz.nets.architecture import Network
from acgz.nets.corpus import Corpus
from acgz.nets.deepgeco.architecture import WarmStartArchitecture
from acgz.nets.deepgeco.changes import PARTS, Changes, names_of
from acgz.nets.deepgeco.grid import Grid
from acgz.nets.deepgeco.settings import WarmStartPlan
from acgz.nets.deepgeco.trial import worth_of
from acgz.nets.exact import pytorch
from acgz.nets.training import Plan, train

_STREAMS = 128
_STEPS = 32
"""Tokens through which gradients flow back: short, for more steps on a short input."""
_LEAST_STEPS = 200
"""Of a part, however short the input is."""
_MOST_BATCHES = 4000
"""From the first so many batches changes are learned: what they save falls as 1/t (`worth_of`)."""
_TRIALS = range(2, 9)
"""Changes are tried in multiples of 2**-2 … 2**-8."""
_RATES = {"outputs": 10.0, "biases": 10.0, "head": 2.0, "all": 1.0}
"""Learning rates of the parts, in those of the settings: fewer weights have to go further."""


def fine_tune(
    network: Network[WarmStartArchitecture],
    residues: NDArray[np.uint8],
    *,
    rounds: int,
    learning_rate: float,
    lanes: int,
    used: int,
    seed: int = 1,
) -> Iterator[Changes]:
    """Changes that make ``network`` fit ``residues`` (n,), for one part of it after the other.

    The network will help to code the first ``used`` tokens of each of the ``lanes``; it sees
    them, or the first `_MOST_BATCHES` of them, ``rounds`` times for each part, and takes
    `_LEAST_STEPS` at least. Changes are rounded as
    it pays best, by the loss of the network alone on a sample, as often as that counts beside a
    Supporter (`worth_of`); those that do not pay are left out, and so are larger parts then.
    MissingDependencyError without PyTorch.
    """
    torch = pytorch.load()
    from acgz.nets.deepgeco.torch_network import TorchWarmStart
    from acgz.nets.deepgeco.train import NextToken

    architecture = network.architecture
    grid = architecture.grid
    seen = beginnings(residues, grid, lanes, min(used, _MOST_BATCHES))
    width = (_STEPS + 1) * grid.s + grid.k
    streams = max(1, min(_STREAMS, seen.size // (8 * width)))
    if seen.size < 8 * width:
        return
    torch.manual_seed(seed)
    torch.set_num_threads(1)  # the number of threads would change the archive
    before = {name: array.astype(np.float32) for name, array in network.arrays.items()}
    module = TorchWarmStart(architecture)
    seeing = WarmStartPlan(batch=streams, unroll=_STEPS, both_strands=False, seed=seed)
    task = NextToken(Corpus(seen, sample(seen, grid)), architecture, seeing)

    def bits(arrays: dict[str, NDArray[np.float32]]) -> float:
        _load(torch, module, arrays)
        module.eval()
        with torch.no_grad():
            return task.validate(module)

    original = bits(before)
    steps = max(_LEAST_STEPS, rounds * seen.size // (grid.s * streams * _STEPS))
    counted = lanes * grid.s * worth_of(min(used, residues.size // (lanes * grid.s)))  # bases
    after = before
    for place, part in enumerate(PARTS):
        _load(torch, module, after)
        chosen = set(names_of(part, before))
        for name, parameter in module.named_parameters():
            parameter.requires_grad_(name in chosen)
        plan = Plan(steps, epochs=1, learning_rate=_RATES[part] * learning_rate, seed=seed)
        train(module, task, plan)
        after = {name: tensor.numpy().copy() for name, tensor in module.state_dict().items()}
        best, saved = None, 0.0
        for precision in _TRIALS:
            changes = Changes.between(before, after, part, precision)
            gain = original - bits(dict(changes.apply(network).arrays))
            worth = gain * counted / 8 - len(changes.to_bytes())
            if not math.isnan(worth) and worth > saved:
                best, saved = changes, worth
        if best is not None:
            yield best
        elif place > 0:
            return


def beginnings(residues: NDArray[np.uint8], grid: Grid, lanes: int, used: int) -> NDArray[np.uint8]:
    """The residues of the first ``used`` tokens of each lane, one lane after the other."""
    width = residues.size // lanes
    first = min(width, used * grid.s)
    return residues[: lanes * width].reshape(lanes, width)[:, :first].reshape(-1)


def sample(residues: NDArray[np.uint8], grid: Grid) -> NDArray[np.uint8]:
    """Pieces from all over the ``residues``, as long as validation looks at."""
    from acgz.nets.deepgeco.train import VALIDATION_LANES, VALIDATION_STEPS

    length = VALIDATION_STEPS * grid.s + grid.k
    width = residues.size // VALIDATION_LANES
    rows = residues[: VALIDATION_LANES * width].reshape(VALIDATION_LANES, width)
    return rows[:, :length].reshape(-1)


def _load(torch: Any, module: Any, arrays: dict[str, NDArray[np.float32]]) -> None:
    state = {name: torch.from_numpy(np.array(array)) for name, array in arrays.items()}
    module.load_state_dict(state)
