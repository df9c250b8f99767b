"""What a network of the family looks like, and the names and shapes of its numbers.

"Lossless data compression for genome sequences using recurrent neural networks" (De Jonge and
Vlaeminck), section 4.2: embedding, recurrent layers, dense ReLU, dense softmax.

The embedding of a symbol times the input weights of the first layer is a table, one row a
symbol: that is what files and archives hold. Layers are "first" and, of the bidirectional
networks, "second"; their directions "forward" and "backward".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from acgz.nets.architecture import Architecture
from acgz.settings import setting

GATES: Mapping[str, int] = {"rnn": 1, "lstm": 4, "gru": 3}
"""Cell -> vectors that the input and the state give to it at each step."""
NETWORKS = ("rnn", "lstm", "gru", "birnn", "bilstm", "bigru")
MOST_UNITS = 512
DENSE = 64
"""Units of the dense layer with ReLU; the document gives no number."""


@dataclass(frozen=True)
class DeepZipArchitecture(Architecture):
    """Sizes of a network."""

    kind = "deepzip"

    network: str = setting(
        "lstm",
        "the recurrent cell; bi: two layers that read both ways (section 4.2.4)",
        among=NETWORKS,
        flag="--network",
    )
    units: int = setting(32, "units of a recurrent layer", least=1, most=MOST_UNITS, flag="--units")
    m: int = setting(
        1, "bases that are predicted at once (section 6.1.1)", among=(1, 2, 4), flag="--m"
    )
    alphabet: int = setting(
        4, "A, C, G, T; 5: with N, as the document has it", among=(4, 5), flag="--alphabet"
    )
    dense: int = setting(
        DENSE, "units of the dense layer", least=1, most=MOST_UNITS, flag="--dense"
    )

    @property
    def cell(self) -> str:
        return self.network.removeprefix("bi")

    @property
    def bidirectional(self) -> bool:
        """Two bidirectional layers instead of one layer (section 4.2.4)."""
        return self.network.startswith("bi")

    @property
    def outputs(self) -> int:
        """Tokens that are possible."""
        return self.alphabet**self.m

    @property
    def features(self) -> int:
        """Numbers that the recurrent layers hand to the dense layer."""
        return self.units * (2 if self.bidirectional else 1)

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Names and shapes of the arrays: matrices are (inputs, outputs)."""
        n, gates = self.units, GATES[self.cell] * self.units
        bias = 4 * n if self.cell == "gru" else gates
        found: dict[str, tuple[int, ...]] = {}
        for way in ("forward", "backward") if self.bidirectional else ("forward",):
            found[f"first.{way}.table"] = (self.alphabet, gates)
            if self.bidirectional:
                found[f"second.{way}.input"] = (2 * n, gates)
            for layer in ("first", "second") if self.bidirectional else ("first",):
                found[f"{layer}.{way}.state"] = (n, gates)
                found[f"{layer}.{way}.bias"] = (bias,)
        found["dense.weight"] = (self.features, self.dense)
        found["dense.bias"] = (self.dense,)
        found["output.weight"] = (self.dense, self.outputs)
        found["output.bias"] = (self.outputs,)
        return found
