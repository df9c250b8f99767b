"""The network of the form "twobit" in PyTorch, for training only."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from acgz.nets.seqcoder.twobit.architecture import (
    BASES,
    KERNEL,
    LATENTS,
    LEVELS,
    PADDING,
    STRIDE,
    TwoBitArchitecture,
)

ENCODER = ("down", "encoder_attention", "to_latent")
"""How names of parameters of the encoder begin."""


class TorchSelfAttention(nn.Module):
    """x + gain * attention(x) over the positions of a chunk; it starts as x alone."""

    def __init__(self, width: int, keys: int) -> None:
        super().__init__()
        self.query = nn.Conv1d(width, keys, 1)
        self.key = nn.Conv1d(width, keys, 1)
        self.value = nn.Conv1d(width, width, 1)
        self.gain = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        """x: (B, width, T); the same shape."""
        scores = self.query(x).transpose(1, 2) @ self.key(x)  # (B, T, T)
        weights = torch.softmax(scores * float(self.query.out_channels) ** -0.5, 2)
        mixed: Tensor = self.value(x) @ weights.transpose(1, 2)
        return x + self.gain * mixed


class TorchTwoBit(nn.Module):
    """Bases of chunks to latent values of four levels, and back to one number for each base."""

    def __init__(self, architecture: TwoBitArchitecture) -> None:
        super().__init__()
        self.architecture = d = architecture
        inputs = (BASES, *d.layers)
        self.down = nn.ModuleList(
            nn.Conv1d(a, b, KERNEL, STRIDE, PADDING) for a, b in pairwise(inputs)
        )
        self.down_norm = nn.ModuleList(nn.BatchNorm1d(width) for width in d.layers)
        self.encoder_attention = TorchSelfAttention(d.layers[-1], d.keys)
        self.to_latent = nn.Conv1d(d.layers[-1], LATENTS, 1)
        self.from_latent = nn.Conv1d(LATENTS, d.layers[-1], 1)
        self.from_latent_norm = nn.BatchNorm1d(d.layers[-1])
        self.decoder_attention = TorchSelfAttention(d.layers[-1], d.keys)
        outputs = d.decoder_widths
        self.up = nn.ModuleList(
            nn.ConvTranspose1d(a, b, KERNEL, STRIDE, PADDING) for a, b in pairwise(outputs)
        )
        self.up_norm = nn.ModuleList(nn.BatchNorm1d(width) for width in outputs[1:-1])
        _start_as_rearrangement(self)

    def encode(self, bases: Tensor) -> Tensor:
        """Bases (B, L) to latent values in ±LEVELS/2, not yet rounded; (B, LATENTS, L / P)."""
        x = nn.functional.one_hot(bases, BASES).float().transpose(1, 2)
        for layer, norm in zip(self.down, self.down_norm, strict=True):
            x = norm(layer(x).relu())
        return torch.tanh(self.to_latent(self.encoder_attention(x))) * (LEVELS / 2)

    def decode(self, latents: Tensor) -> Tensor:
        """Centres of the levels (B, LATENTS, T), 0 for an absent one, to (B, BASES, P * T)."""
        x: Tensor = self.from_latent_norm(self.from_latent(latents * (2 / LEVELS)).relu())
        x = self.decoder_attention(x)
        norms = iter(self.up_norm)
        for layer in self.up:
            x = layer(x)
            if (norm := next(norms, None)) is not None:
                x = norm(x.relu())
        return x


def centres(values: Tensor) -> Tensor:
    """The centre of the level of each value: -1.5, -0.5, 0.5 or 1.5."""
    lowest = -LEVELS / 2
    return (values.floor() + 0.5).clamp(lowest + 0.5, -lowest - 0.5)


def _start_as_rearrangement(network: TorchTwoBit) -> None:
    """Let each layer of the encoder begin as a rearrangement of its input.

    The first channels after a layer hold the two positions that it joins; the first value of the
    latent space begins as the level of the first base, and so on. From random weights the
    same training gets stuck where several 4-mers share a level.
    """
    with torch.no_grad():
        channels = BASES
        for layer in network.down.children():
            weight, bias = layer.get_parameter("weight"), layer.get_parameter("bias")
            if bias.numel() < STRIDE * channels:
                return  # no room for a rearrangement
            for place in range(STRIDE):
                for channel in range(channels):
                    row = place * channels + channel
                    weight[row] = 0.0
                    weight[row, channel, PADDING + place] = 1.0
                    bias[row] = 0.0
            channels *= STRIDE
        if channels != LATENTS * BASES:
            return
        # Batch norm makes (x - 0.25) / 0.433 of a channel that is 1 for every fourth base, else 0.
        levels = torch.atanh(torch.tensor([-0.75, -0.25, 0.25, 0.75])) * 0.433
        weight, bias = (network.to_latent.get_parameter(name) for name in ("weight", "bias"))
        weight[:] = 0.0
        bias[:] = 0.0
        for value in range(LATENTS):
            first = value * BASES
            weight[value, first : first + BASES, 0] = levels
