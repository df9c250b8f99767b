"""The recurrent networks after DeepZip in PyTorch, for training only."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from acgz.nets.deepzip.architecture import DeepZipArchitecture

EMBEDDING = 32
"""Only training knows it: what is stored is embedding times input weights."""
_CELLS = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}


class TorchRecurrent(nn.Module):
    """Embedding, recurrent layers, dense ReLU, dense (sections 4.2 to 4.2.4)."""

    def __init__(self, architecture: DeepZipArchitecture) -> None:
        super().__init__()
        self.architecture = d = architecture
        self.embedding = nn.Embedding(d.alphabet, EMBEDDING)
        self.recurrent = _CELLS[d.cell](
            EMBEDDING,
            d.units,
            num_layers=2 if d.bidirectional else 1,
            bidirectional=d.bidirectional,
        )
        self.dense = nn.Linear(d.features, d.dense)
        self.output = nn.Linear(d.dense, d.outputs)

    def forward(self, symbols: Tensor, first: int = 0) -> Tensor:
        """Logits after the symbols (T, B): of one layer after each place from ``first`` on,
        (T - first, B, outputs); of two layers after the last one, (1, B, outputs)."""
        n = self.architecture.units
        seen, _ = self.recurrent(self.embedding(symbols))  # (T, B, features)
        if self.architecture.bidirectional:
            # What reads backwards is done at the first place.
            forward, backward = seen[-1:, :, :n], seen[:1, :, n:]
            seen = nn.functional.pad(forward, (0, n)) + nn.functional.pad(backward, (n, 0))
        else:
            seen = seen[first:]
        logits: Tensor = self.output(self.dense(seen).relu())
        return logits


def arrays(network: nn.Module) -> dict[str, NDArray[np.float32]]:
    """The numbers of the network as `DeepZipArchitecture.shapes` names them."""
    d: DeepZipArchitecture = network.architecture  # type: ignore[assignment]
    state: dict[str, Any] = {
        name: tensor.detach().cpu().double().numpy()
        for name, tensor in network.state_dict().items()
    }
    found = {}
    for way in ("forward", "backward") if d.bidirectional else ("forward",):
        for layer, number in (("first", "l0"), ("second", "l1"))[: 2 if d.bidirectional else 1]:
            ending = number + ("_reverse" if way == "backward" else "")
            weight, recurrent, inputs, states = (
                state[f"recurrent.{part}_{ending}"]
                for part in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
            )
            if layer == "first":
                found[f"first.{way}.table"] = state["embedding.weight"] @ weight.T
            else:
                found[f"second.{way}.input"] = weight.T
            bias = inputs + states
            if d.cell == "gru":
                both = 2 * d.units
                bias = np.concatenate([bias[:both], inputs[both:], states[both:]])
            found[f"{layer}.{way}.state"] = recurrent.T
            found[f"{layer}.{way}.bias"] = bias
    for name in ("dense", "output"):
        found[f"{name}.weight"] = state[f"{name}.weight"].T
        found[f"{name}.bias"] = state[f"{name}.bias"]
    return {name: np.ascontiguousarray(found[name].astype(np.float32)) for name in d.shapes()}
