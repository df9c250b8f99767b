"""Lets the training of a GeneFormer network begin with one that has been trained already."""

from __future__ import annotations

import torch
from torch import Tensor

from acgz.errors import InputError
from acgz.nets.architecture import Network
from acgz.nets.geneformer.architecture import GeneFormerArchitecture
from acgz.nets.geneformer.torch_network import TorchGeneFormer


def start_with(
    module: TorchGeneFormer, network: Network[GeneFormerArchitecture], bases: Tensor
) -> None:
    """Give ``module`` the weights of ``network``; InputError if their sizes differ.

    A file has the batch norm as one affine map of the features. In training it takes its mean and
    variance from what it sees, so both are measured on ``bases`` (B, n > REACH), and gain and shift
    chosen so that the map is the same.
    """
    if module.architecture.shapes() != network.architecture.shapes():
        raise InputError("the network to start with has other sizes")
    found = {name: torch.from_numpy(array).float() for name, array in network.arrays.items()}
    gain, shift = found.pop("pooled_gain"), found.pop("pooled_shift")
    norm = module.batch_norm
    module.load_state_dict({**norm.state_dict(prefix="batch_norm."), **found})
    with torch.no_grad():
        pooled = module.pooled(bases)
        variance, mean = torch.var_mean(pooled, (0, 2), correction=0)
        norm.running_mean, norm.running_var = mean, variance
        norm.weight.copy_(gain * (variance + norm.eps).sqrt())
        norm.bias.copy_(shift + gain * mean)
