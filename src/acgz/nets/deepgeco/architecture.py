"""What a Warm-Start network looks like (DeepGeCo, section "Supporter & Warm-Start Models")."""

from __future__ import annotations

from dataclasses import dataclass

from acgz.nets.architecture import Architecture
from acgz.nets.deepgeco.grid import MOST, Grid
from acgz.settings import setting

MOST_SIZE = 1 << 12


@dataclass(frozen=True)
class WarmStartArchitecture(Architecture):
    """Sizes of a Warm-Start network."""

    kind = "deepgeco-warm-start"

    network: str = setting(
        "gru",
        "gru: two layers that read every token once and keep their state; "
        "bigru: the paper's two bidirectional layers, over a window of the last tokens",
        among=("gru", "bigru"),
        flag="--network",
    )
    s: int = setting(3, "bases from one token to the next", least=1, most=MOST, flag="--s")
    k: int = setting(3, "bases of a token", least=1, most=MOST, flag="--k")
    plain: bool = setting(
        False, "outputs for all 4**k tokens, not only for those that can follow", flag="--plain"
    )
    embedding: int = setting(16, "numbers of a token", least=1, most=MOST_SIZE)
    hidden: int = setting(
        192, "units of a layer and direction", least=1, most=MOST_SIZE, flag="--hidden"
    )
    dense: int = setting(128, "units of the dense layer", least=1, most=MOST_SIZE)
    window: int = setting(
        32, "tokens that a bigru sees; a gru sees all of its lane", least=1, most=MOST_SIZE
    )
    stride: int = setting(
        16,
        "a bigru reads its output at the last position and at every so manyth before it",
        least=1,
        most=MOST_SIZE,
    )

    def check(self) -> None:
        self.grid  # noqa: B018 - raises ValueError

    @property
    def grid(self) -> Grid:
        return Grid(self.s, self.k)

    @property
    def outputs(self) -> int:
        """Size of the output alphabet."""
        return self.grid.kmers if self.plain else self.grid.continuations

    @property
    def features(self) -> int:
        """Numbers that the recurrent layers hand to the Linear and the Dense layer."""
        if self.network == "gru":
            return self.hidden
        return 2 * self.hidden * -(-self.window // self.stride)

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Names and shapes of the arrays, as PyTorch has them."""
        ways = ("", "_reverse") if self.network == "bigru" else ("",)
        found: dict[str, tuple[int, ...]] = {"embedding.weight": (self.grid.kmers, self.embedding)}
        for layer, inputs in ((0, self.embedding), (1, len(ways) * self.hidden)):
            for way in ways:
                name = f"l{layer}{way}"
                found[f"recurrent.weight_ih_{name}"] = (3 * self.hidden, inputs)
                found[f"recurrent.weight_hh_{name}"] = (3 * self.hidden, self.hidden)
                found[f"recurrent.bias_ih_{name}"] = (3 * self.hidden,)
                found[f"recurrent.bias_hh_{name}"] = (3 * self.hidden,)
        found["linear.weight"] = (self.outputs, self.features)
        found["linear.bias"] = (self.outputs,)
        found["dense.weight"] = (self.dense, self.features)
        found["dense.bias"] = (self.dense,)
        found["output.weight"] = (self.outputs, self.dense)
        return found
