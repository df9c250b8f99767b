"""The Warm-Start network in PyTorch, for training only.

DeepGeCo, section "Supporter & Warm-Start Models": an embedding of 16, two recurrent layers,
one Linear layer beside one Dense layer of 128. The paper refers to DZip for the details.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from acgz.kernel import compiles_here
from acgz.nets.deepgeco.architecture import WarmStartArchitecture


class TorchWarmStart(nn.Module):
    """Logits of the next token; see `WarmStartArchitecture` for the two kinds."""

    def __init__(self, architecture: WarmStartArchitecture, own_loop: bool = False) -> None:
        """``own_loop``: let `recurrence` train it where it can; not for what an archive stores,
        which must not depend on whether Numba is there."""
        super().__init__()
        self._own_loop = own_loop
        self.architecture = d = architecture
        self.embedding = nn.Embedding(d.grid.kmers, d.embedding)
        self.recurrent = nn.GRU(
            d.embedding, d.hidden, num_layers=2, bidirectional=d.network == "bigru"
        )
        self.linear = nn.Linear(d.features, d.outputs)
        self.dense = nn.Linear(d.features, d.dense)
        self.output = nn.Linear(d.dense, d.outputs, bias=False)  # `linear` has one already
        self._scratch: Any = None

    def forward(self, tokens: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """``tokens``: (T, B). Logits (T, B, outputs) of a ``gru``, (B, outputs) of a ``bigru``,
        and the state (2, B, hidden) after the last token."""
        d = self.architecture
        if self._is_fast(tokens):
            seen, state = self._recurrence(tokens, state)
        else:
            seen, state = self.recurrent(self.embedding(tokens), state)  # (T, B, hidden)
        if d.network == "bigru":
            sampled = seen.flip(0)[:: d.stride].flip(0)  # (features / 2 hidden, B, 2 hidden)
            seen = sampled.transpose(0, 1).flatten(1)  # (B, features)
        logits = self.linear(seen) + self.output(self.dense(seen).relu())
        return logits, state

    def _is_fast(self, tokens: Tensor) -> bool:
        """Whether `recurrence` does it: training of a ``gru`` on a CPU."""
        d = self.architecture
        here = self._own_loop and tokens.device.type == "cpu" and compiles_here()
        return here and self.training and d.network == "gru" and d.hidden % 8 == 0

    def _recurrence(self, tokens: Tensor, state: Tensor | None) -> tuple[Tensor, Tensor]:
        from acgz.nets.deepgeco import recurrence

        steps, streams = tokens.shape
        shape = (steps, streams, self.architecture.hidden)
        kind = torch.bfloat16 if torch.is_autocast_enabled("cpu") else torch.float32
        if self._scratch is None or (self._scratch.shape, self._scratch.kind) != (shape, kind):
            self._scratch = recurrence.Scratch(*shape, kind)
        layers: Any = self.recurrent
        weight: Tensor = self.embedding.weight
        with torch.autocast("cpu", enabled=False):
            table = weight @ layers.weight_ih_l0.t() + layers.bias_ih_l0
            return recurrence.run(self._scratch, tokens, state, layers, table)


def arrays(network: nn.Module) -> dict[str, Any]:
    """The weights as float16 arrays: half the size, and exact on every machine."""
    return {
        name: tensor.detach().cpu().half().numpy() for name, tensor in network.state_dict().items()
    }
