"""From the weights of a Warm-Start network to those of a prior, and back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acgz import models
from acgz.engine import prior, priors, products
from acgz.errors import InputError
from acgz.nets.architecture import Arrays, Network
from acgz.nets.deepgeco.architecture import WarmStartArchitecture

_SCALES = dict.fromkeys(prior.MATRICES, prior.STATE_SCALE) | {"output": prior.DENSE_SCALE}
"""What 1 is in the integers that each matrix multiplies."""


def whole(network: Network[WarmStartArchitecture]) -> dict[str, NDArray[Any]]:
    """The arrays of `prior.shapes` for a Warm-Start network; InputError if it is no causal one
    over 3-mers.

    The largest weight of each row of a matrix becomes 127.
    """
    d = network.architecture
    if (d.network, d.s, d.k, d.plain) != ("gru", 3, 3, False) or d.hidden % products.STEP:
        raise InputError("a prior needs a causal Warm-Start network over 3-mers, units by 32")
    w = {name.split(".", 1)[-1]: a.astype(np.float64) for name, a in network.arrays.items()}
    w |= {name: a.astype(np.float64) for name, a in network.arrays.items()}
    n = d.hidden
    both = np.concatenate([w["weight_ih_l1"], w["weight_hh_l1"]], axis=1)
    matrices = {
        "first": w["weight_hh_l0"],
        "gates": both[: 2 * n],
        "below": w["weight_ih_l1"][2 * n :],
        "above": w["weight_hh_l1"][2 * n :],
        "head": np.concatenate([w["linear.weight"], w["dense.weight"]]),
        "output": w["output.weight"],
    }
    arrays: dict[str, NDArray[Any]] = {}
    for name, matrix in matrices.items():
        unit = prior.WEIGHT_MOST / np.maximum(np.abs(matrix).max(axis=1), 1e-6)
        arrays[name] = np.rint(matrix * unit[:, None]).astype(np.int8)
        arrays[f"{name}.scale"] = (1 / (unit * _SCALES[name])).astype(np.float32)
    # biases of r and z are one number; that of the state's n stands inside of r's product
    gates = np.repeat([1.0, 0.0], [2 * n, n])
    table = w["embedding.weight"] @ w["weight_ih_l0"].T + w["bias_ih_l0"]
    arrays["table"] = (table + w["bias_hh_l0"] * gates).astype(np.float32)
    second = w["bias_ih_l1"] + w["bias_hh_l1"] * gates
    ends = [w["bias_hh_l1"][2 * n :], w["linear.bias"], w["dense.bias"]]
    bias = np.concatenate([w["bias_hh_l0"][2 * n :], second, *ends])
    arrays["bias"] = bias.astype(np.float32)
    return arrays


def network_of(arrays: Arrays) -> Network[WarmStartArchitecture]:
    """The Warm-Start network of which `whole` makes these arrays of `prior.shapes`.

    A prior has kept only what each token gives to the gates of the first layer, so the embedding
    of a token is a unit vector, and what it gives stands in the input's weights.
    """
    w = {
        name: arrays[name] * (arrays[f"{name}.scale"] * np.float32(_SCALES[name]))[:, None]
        for name in prior.MATRICES
    }
    n, dense = w["below"].shape[0], w["output"].shape[1]
    architecture = WarmStartArchitecture(hidden=n, dense=dense, embedding=prior.TOKENS)
    none = np.zeros(2 * n, np.float32)
    ends = np.cumsum([n, 3 * n, n, prior.TOKENS])
    state, second, above, linear, hidden = np.split(arrays["bias"], ends)
    found = {
        "embedding.weight": np.eye(prior.TOKENS, dtype=np.float32),
        "recurrent.weight_ih_l0": arrays["table"].T,
        "recurrent.weight_hh_l0": w["first"],
        "recurrent.bias_ih_l0": np.zeros(3 * n, np.float32),
        "recurrent.bias_hh_l0": np.concatenate([none, state]),
        "recurrent.weight_ih_l1": np.concatenate([w["gates"][:, :n], w["below"]]),
        "recurrent.weight_hh_l1": np.concatenate([w["gates"][:, n:], w["above"]]),
        "recurrent.bias_ih_l1": second,
        "recurrent.bias_hh_l1": np.concatenate([none, above]),
        "linear.weight": w["head"][: prior.TOKENS],
        "linear.bias": linear,
        "dense.weight": w["head"][prior.TOKENS :],
        "dense.bias": hidden,
        "output.weight": w["output"],
    }
    return Network(architecture, found, bytes(32))


def network_in(path: str) -> Network[WarmStartArchitecture]:
    """The network in a file, of a Warm-Start network or of a prior; InputError if it has none."""
    file = Path(path)
    if models.read(file).architecture.get("kind") == priors.KIND:
        return network_of(priors.network(file).arrays)
    return WarmStartArchitecture.read(file)
