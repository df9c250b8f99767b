"""Lets the training of a Warm-Start network begin with one that has been trained already."""

from __future__ import annotations

import torch
from torch import Tensor

from acgz.errors import InputError
from acgz.nets.architecture import Network
from acgz.nets.deepgeco.architecture import WarmStartArchitecture
from acgz.nets.deepgeco.torch_network import TorchWarmStart


def start_with(module: TorchWarmStart, network: Network[WarmStartArchitecture]) -> None:
    """Give ``module`` the weights of ``network``; InputError if their sizes differ.

    A ``bigru`` can begin with a ``gru``: its forward direction takes the place of the ``gru``, and
    nothing listens to the rest until it is trained. So it gives the logits that the ``gru`` gives
    which reads the same window from its beginning.
    """
    own, theirs = module.architecture, network.architecture
    trained = {name: torch.from_numpy(array).float() for name, array in network.arrays.items()}
    state = module.state_dict()
    for name, weight in trained.items():
        if name in state and (own.network, theirs.network) == ("bigru", "gru"):
            weight = _widened(name, weight, state[name], own.hidden)
        if name not in state or state[name].shape != weight.shape:
            raise InputError("the network to start with has other sizes")
        state[name] = weight
    module.load_state_dict(state)


def _widened(name: str, weight: Tensor, wide: Tensor, hidden: int) -> Tensor:
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
