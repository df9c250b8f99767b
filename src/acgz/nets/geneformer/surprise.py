"""Training that takes gradients where there is something to learn.

A network that knows its genomes predicts nearly every base, and the gradients there are next to
nothing. So every base is read, which needs the forward pass only, and a few are drawn to learn
from. A base is the more likely to be drawn the longer its gradient is, and counts the less the
likelier that was: the expected gradient is that of all the bases (importance sampling,
Katharopoulos and Fleuret, "Not All Samples Are Created Equal", 2018).
"""

from __future__ import annotations

from copy import deepcopy

import torch
from torch import Tensor, nn

from acgz.nets.geneformer.architecture import POOL, REACH, SPAN
from acgz.nets.geneformer.torch_network import TorchGeneFormer

LEAST = 1e-3
"""Part of a surprise that every base has: none is left out for ever."""


class Surprise:
    """The loss of a step, from about ``learn`` of its bases."""

    def __init__(self, learn: int, bfloat16: bool) -> None:
        self._learn = learn
        self._type = torch.bfloat16 if bfloat16 else torch.float32
        self._reader: TorchGeneFormer | None = None

    def loss(
        self, network: TorchGeneFormer, bases: Tensor, memory: Tensor
    ) -> tuple[Tensor, Tensor]:
        """An estimate of the mean loss of all bases in nats, and the memory after them.

        ``bases``: (B, REACH + T), of which the last T are to be predicted.
        """
        features = network.features(bases[:, :-1])
        wrong, memories = self._read(network, features.detach(), bases[:, REACH:], memory)
        chances = chances_of(wrong, self._learn)
        lane, step = (torch.rand_like(chances) < chances).nonzero(as_tuple=True)
        if not lane.numel():  # one that counts nothing
            lane, step = lane.new_zeros(1), step.new_zeros(1)
        x = _fragments(features, lane, step)
        logits = network.after(x, memories[step, lane].to(memory.dtype))
        nats = nn.functional.cross_entropy(
            logits.float(), bases[lane, REACH + step], reduction="none"
        )
        return (nats / chances[lane, step]).sum() / chances.numel(), memories[-1].to(memory.dtype)

    @torch.no_grad()
    def _read(
        self, network: TorchGeneFormer, features: Tensor, target: Tensor, memory: Tensor
    ) -> tuple[Tensor, Tensor]:
        """1 - the probability of each base, (B, T), and the T + 1 memories around them."""
        if self._reader is None:
            self._reader = deepcopy(network).to(self._type)
        self._reader.load_state_dict(network.state_dict())
        with torch.autocast(features.device.type, enabled=False):
            logits, memories = self._reader.walk(features.to(self._type), memory.to(self._type))
        right = logits.float().softmax(2).gather(2, target[..., None])[..., 0]
        return 1 - right, torch.stack(memories)


def chances_of(wrong: Tensor, learn: int) -> Tensor:
    """How likely each base is drawn: by the length of its gradient, ``learn`` of them in all.

    ``wrong``: 1 - the probability that it had, about the length of the gradient of its logits.
    """
    weight = wrong + LEAST
    return (weight * (learn / weight.sum())).clamp(max=1)


def _fragments(features: Tensor, lane: Tensor, step: Tensor) -> Tensor:
    """X(t) of each of M bases; (M, N, dimension)."""
    rows = torch.arange(0, SPAN, POOL, device=features.device)
    at = (lane * features.shape[1] + step)[:, None] + rows
    flat = features.flatten(0, 1).index_select(0, at.flatten())
    return flat.reshape(*at.shape, features.shape[2])
