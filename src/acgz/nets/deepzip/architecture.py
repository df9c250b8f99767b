"""What a network of the family looks like, and the names and shapes of its numbers.

"Lossless data compression for genome sequences using recurrent neural networks" (De Jonge and
Vlaeminck), section 4.2: embedding, recurrent layers, dense ReLU, dense softmax.

The embedding of a symbol times the input weights of the first layer is a table, one row a
symbol: that is what files and archives hold. Layers are "first" and, of the bidirectional
networks, "second"; their directions "forward" and "backward".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acgz.errors import InputError

KIND = "deepzip"
GATES: Mapping[str, int] = {"rnn": 1, "lstm": 4, "gru": 3}
"""Cell -> vectors that the input and the state give to it at each step."""
NETWORKS = ("rnn", "lstm", "gru", "birnn", "bilstm", "bigru")
ALPHABETS = (4, 5)
MOST_OUTPUTS = 5**4
MOST_UNITS = 512
DENSE = 64
"""Units of the dense layer with ReLU; the document gives no number."""

Arrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Description:
    """Sizes of a network."""

    network: str = "lstm"
    units: int = 32
    m: int = 1
    """Symbols of a token: the network predicts all of them at once (section 6.1.1)."""
    alphabet: int = 4
    """A, C, G, T; 5: the document's, with N."""
    dense: int = DENSE

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

    def check(self) -> None:
        """ValueError for sizes that make no network."""
        if self.network not in NETWORKS:
            raise ValueError(f"network is one of {', '.join(NETWORKS)}, not {self.network!r}")
        if type(self.alphabet) is not int or self.alphabet not in ALPHABETS:
            raise ValueError(f"alphabet is 4 or 5, not {self.alphabet!r}")
        if type(self.m) is not int or self.m not in (1, 2, 4):
            raise ValueError(f"m is 1, 2 or 4, not {self.m!r}")
        for name, value in (("units", self.units), ("dense", self.dense)):
            if type(value) is not int or not 1 <= value <= MOST_UNITS:
                raise ValueError(f"{name} is a whole number from 1 to {MOST_UNITS}, not {value!r}")

    def to_json(self) -> dict[str, Any]:
        return {"kind": KIND, **asdict(self)}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Description:
        """InputError for anything that is no description of such a network."""
        try:
            if stored.get("kind") != KIND:
                raise ValueError("of another kind")
            description = cls(**{key: stored[key] for key in stored if key != "kind"})
            description.check()
        except (TypeError, ValueError) as error:
            raise InputError(f"not a deepzip network: {error}") from error
        return description

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

    def check_arrays(self, arrays: Arrays) -> None:
        """InputError unless these are the numbers of such a network."""
        fits = {name: array.shape for name, array in arrays.items()} == self.shapes()
        if not fits or not all(np.isfinite(array).all() for array in arrays.values()):
            raise InputError("the arrays of the model are not those of its deepzip network")
