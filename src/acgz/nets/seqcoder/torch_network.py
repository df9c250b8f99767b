"""The SeqCoder autoencoder in PyTorch, for training only.

`acgz.nets.seqcoder.network` runs the same network in exact arithmetic.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from acgz.nets.seqcoder.architecture import (
    EPSILON,
    KERNEL,
    LIMIT,
    PADDING,
    STRIDE,
    SeqCoderArchitecture,
)
from acgz.nets.seqcoder.positions import codes


class TorchBlock(nn.Module):
    """Self-attention and a feed-forward layer, layer norm after each (`_SelfAttnBlock1D`).

    Without the notebook's dropout, for whose 20,000 rounds over a file there is no time here.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.enter = nn.Conv1d(width, width, 1)
        self.attention = nn.Linear(width, 3 * width)
        self.mix = nn.Linear(width, width)
        self.wide = nn.Linear(width, 4 * width)
        self.narrow = nn.Linear(4 * width, width)
        self.first_norm = nn.LayerNorm(width, EPSILON)
        self.second_norm = nn.LayerNorm(width, EPSILON)

    def forward(self, x: Tensor) -> Tensor:
        """x: (B, width, T); the same shape."""
        h = self.enter(x).transpose(1, 2)
        many, places, width = h.shape
        h = h + torch.tensor(codes(places, width)).to(h)
        query, key, value = (
            part.reshape(many, places, self.heads, -1).transpose(1, 2)
            for part in self.attention(h).chunk(3, 2)
        )
        mixed = functional.scaled_dot_product_attention(query, key, value)
        h = self.first_norm(h + self.mix(mixed.transpose(1, 2).reshape(h.shape)))
        wide = functional.gelu(self.wide(h), approximate="tanh")
        out: Tensor = self.second_norm(h + self.narrow(wide)).transpose(1, 2)
        return out


class TorchAutoEncoder(nn.Module):
    """Values of bases to latent values, and back to a value for each base."""

    def __init__(self, architecture: SeqCoderArchitecture) -> None:
        super().__init__()
        self.architecture = d = architecture
        self.down = nn.ModuleList(
            nn.Conv1d(a, b, KERNEL, STRIDE, PADDING) for a, b in pairwise((1, *d.layers))
        )
        self.down_norm = norms(d.layers)
        self.bottleneck = TorchBlock(d.layers[-1], d.heads)
        self.funnel = nn.ModuleList(
            nn.Conv1d(a, b, 1) for a, b in pairwise((d.layers[-1], *d.funnel))
        )
        self.funnel_norm = norms(d.funnel)
        self.to_latent = nn.Conv1d(d.funnel[-1], d.latents, 1)
        self.from_latent = nn.Conv1d(d.latents, d.ascent[0], 1)
        self.up = nn.ModuleList(
            nn.ConvTranspose1d(a, b, KERNEL, STRIDE, PADDING, output_padding=1)
            for a, b in pairwise(d.ascent)
        )
        self.up_norm = norms(d.ascent[1:-1])
        self.block = nn.ModuleList(TorchBlock(width, d.heads) for width in d.ascent[1:-1])

    def encode(self, values: Tensor) -> Tensor:
        """Values of bases (B, L), 0 to 3/4, to latent values (B, P, L / factor), not rounded."""
        x = values[:, None]
        for layer, norm in zip(self.down, self.down_norm, strict=True):
            x = norm(layer(x)).relu()
        x = self.bottleneck(x)
        for layer, norm in zip(self.funnel, self.funnel_norm, strict=True):
            x = norm(layer(x)).relu()
        out: Tensor = self.to_latent(x)
        return out

    def decode(self, latents: Tensor) -> Tensor:
        """Latent values (B, P, T) to values of bases (B, factor * T), from 0 to 1."""
        x = self.from_latent(latents)
        for layer, norm, block in zip(self.up, self.up_norm, self.block, strict=False):
            x = block(norm(layer(x)).relu())
        return torch.sigmoid(self.up[-1](x))[:, 0]


def norms(widths: Sequence[int]) -> nn.ModuleList:
    """Batch norm for each of the ``widths``."""
    return nn.ModuleList(nn.BatchNorm1d(width) for width in widths)


def rounded(latents: Tensor, grid: int) -> Tensor:
    """What an int8 keeps of latent values; on the way back rounding counts as the identity."""
    kept = latents.clamp(-LIMIT, LIMIT - 1 / grid)
    return kept + ((kept * grid).round() / grid - kept).detach()


def arrays(network: nn.Module) -> dict[str, Any]:
    """The weights as float16 arrays, batch norm as a ``scale`` and a ``shift`` per channel."""
    found: dict[str, Tensor] = {}
    for name, module in network.named_modules():
        if isinstance(module, nn.BatchNorm1d):
            state = module.state_dict()
            scale = state["weight"] / (state["running_var"] + module.eps).sqrt()
            found[f"{name}.scale"] = scale
            found[f"{name}.shift"] = state["bias"] - state["running_mean"] * scale
        elif isinstance(module, nn.LayerNorm):
            found[f"{name}.scale"], found[f"{name}.shift"] = module.weight, module.bias
        else:
            found.update(module.named_parameters(name, recurse=False))
    return {name: tensor.detach().cpu().half().numpy() for name, tensor in found.items()}
