"""ULTRA: fits a Warm-Start network to one input, as far as storing the changes pays."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from acgz.exact import pytorch
from acgz.models import Weights
from acgz.predictors.deepgeco.changes import Changes
from acgz.predictors.deepgeco.description import Description
from acgz.training.corpus import Corpus
from acgz.training.loop import Plan, train

_STREAMS = 128
_STEPS = 32
"""Tokens through which gradients flow back: short, for more steps on a short input."""
_TRIALS = range(3, 9)
"""Changes are tried in multiples of 2**-3 … 2**-8."""


def fine_tune(
    model: Weights,
    residues: NDArray[np.uint8],
    *,
    rounds: int,
    learning_rate: float,
    used: int,
    seed: int = 1,
) -> Changes | None:
    """The changes that make ``model`` fit ``residues`` (n,), or None if none pays for itself.

    The network sees the input ``rounds`` times. ``used``: tokens that it will help to code:
    what it saves on them, by its loss on a sample, is weighed against the bytes that the
    changes take. MissingDependencyError without PyTorch.
    """
    torch = pytorch.load()
    from acgz.training.networks import WarmStart
    from acgz.training.warm_start import Batches, NextToken

    description = Description.from_json(model.description)
    grid = description.grid
    width = (_STEPS + 1) * grid.s + grid.k
    streams = max(1, min(_STREAMS, residues.size // (8 * width)))
    if residues.size < 8 * width or not used:
        return None
    torch.manual_seed(seed)
    torch.set_num_threads(1)  # the number of threads would change the archive
    before = {name: array.astype(np.float32) for name, array in model.arrays.items()}
    network = WarmStart(description)
    _load(torch, network, before)
    batches = Batches(streams=streams, steps=_STEPS, both_strands=False)
    task = NextToken(Corpus(residues, residues), description, batches, seed, "cpu")
    network.eval()
    with torch.no_grad():
        original = task.validate(network)
    steps = max(1, rounds * grid.tokens(residues.size) // (streams * _STEPS))
    plan = Plan(steps=steps, epochs=1, learning_rate=learning_rate, seed=seed)
    train(network, task, plan, lambda report: None)
    after = {name: tensor.detach().numpy() for name, tensor in network.state_dict().items()}
    best, saved = None, 0.0
    for bits in _TRIALS:
        changes = Changes.between(before, after, bits)
        _load(torch, network, dict(changes.apply(model).arrays))
        with torch.no_grad():
            fitted = task.validate(network)
        gain = (original - fitted) * grid.s * used / 8 - len(changes.to_bytes())
        if not math.isnan(gain) and gain > saved:
            best, saved = changes, gain
    return best


def _load(torch: object, network: object, arrays: dict[str, NDArray[np.float32]]) -> None:
    state = {name: torch.from_numpy(np.array(array)) for name, array in arrays.items()}  # type: ignore[attr-defined]
    network.load_state_dict(state)  # type: ignore[attr-defined]
