"""Lets the training of a Warm-Start network begin with one that has been trained already."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from acgz.errors import InputError
from acgz.nets.architecture import Network
from acgz.nets.deepgeco.architecture import WarmStartArchitecture
from acgz.nets.deepgeco.torch_network import TorchWarmStart


def start_with(module: TorchWarmStart, network: Network[WarmStartArchitecture]) -> None:
    """Give ``module`` the weights of ``network``; InputError if their sizes differ.

    A larger network can begin with a smaller one, whose logits it gives until it is trained:

    - a ``gru`` with one of fewer units: the further ones hear everything, and nobody hears them;
    - a ``bigru`` with a ``gru`` of as many units, which becomes its forward direction.
      The logits are those that the ``gru`` gives which reads the same window from its beginning.
    """
    own, theirs = module.architecture, network.architecture
    kinds = (own.network, theirs.network)
    grown = theirs.hidden < own.hidden
    grown = grown and replace(theirs, hidden=own.hidden).shapes() == own.shapes()
    state = module.state_dict()
    for name, array in network.arrays.items():
        weight = torch.from_numpy(array).float()
        if name in state and kinds == ("bigru", "gru"):
            weight = _beside(name, weight, state[name], own.hidden)
        if name in state and grown and state[name].shape != weight.shape:
            weight = _grown(weight, state[name], theirs.hidden, own.hidden)
        if name not in state or state[name].shape != weight.shape:
            raise InputError("the network to start with has other sizes")
        state[name] = weight
    module.load_state_dict(state)


def _grown(weight: Tensor, wide: Tensor, few: int, many: int) -> Tensor:
    """``weight`` of ``few`` units amid the untrained weights ``wide`` of ``many``.

    Rows and columns are units where the sizes differ; rows those of all units for each gate in
    turn.
    """
    result = wide.clone()
    gates = wide.shape[0] // many if wide.shape[0] != weight.shape[0] else 1
    old = result.view(gates, -1, *wide.shape[1:])[:, : weight.shape[0] // gates]
    if wide.shape[1:] != weight.shape[1:]:
        old[..., few:] = 0
        old = old[..., :few]
    old.copy_(weight.view(gates, -1, *weight.shape[1:]))
    return result


def _beside(name: str, weight: Tensor, wide: Tensor, hidden: int) -> Tensor:
    """``weight`` of a ``gru`` in the place that the ``bigru`` has for it, zeros elsewhere."""
    if name in ("linear.weight", "dense.weight"):
        first = wide.shape[1] - 2 * hidden  # the forward half of the last position
    elif name == "recurrent.weight_ih_l1":
        first = 0
    else:
        return weight
    result = torch.zeros(weight.shape[0], wide.shape[1])
    if first + weight.shape[1] <= wide.shape[1]:
        result[:, first : first + weight.shape[1]] = weight
    return result
