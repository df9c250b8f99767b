"""The recurrence that trains on a CPU is the one of PyTorch, forward and backward."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from acgz.kernel import compiles_here

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

from acgz.nets.deepgeco.architecture import WarmStartArchitecture  # noqa: E402
from acgz.nets.deepgeco.torch_network import TorchWarmStart  # noqa: E402

pytestmark = [
    pytest.mark.usefixtures("one_thread"),
    pytest.mark.skipif(not compiles_here(), reason="kernels are not compiled here"),
]


def passes(
    units: int, own: bool, bfloat16: bool = False, more: int = 0
) -> tuple[float, torch.Tensor, dict]:
    """Loss, last states and gradients of one network; ``more`` steps after an earlier pass."""
    torch.manual_seed(3)
    network = TorchWarmStart(WarmStartArchitecture(hidden=units))
    network._is_fast = lambda tokens: own
    with torch.no_grad():
        for weights in network.parameters():
            weights.mul_(2)
    draw = np.random.default_rng(1)
    tokens = torch.from_numpy(draw.integers(0, 64, (17, 24)))
    state = torch.from_numpy(draw.normal(0, 0.3, (2, 24, units)).astype(np.float32))
    with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
        if more:
            _, state = network(torch.from_numpy(draw.integers(0, 64, (more, 24))), state)
            state = state.detach()
        logits, state = network(tokens[:-1], state)
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1).float(), tokens[1:].flatten())
    loss.backward()
    found = {name: weights.grad for name, weights in network.named_parameters()}
    assert (network._scratch is not None) == own
    return float(loss.detach()), state.detach(), found


@pytest.mark.parametrize(("units", "more"), [(8, 0), (40, 0), (64, 5)])
@pytest.mark.parametrize(("bfloat16", "near"), [(False, 0.02), (True, 0.1)])
def test_states_and_gradients_are_those_of_pytorch(
    units: int, more: int, bfloat16: bool, near: float
) -> None:
    loss, state, gradients = passes(units, False, more=more)
    own_loss, own_state, own = passes(units, True, bfloat16, more)
    assert abs(loss - own_loss) < near / 10
    assert (state - own_state).abs().max() < near / 5
    for name, expected in gradients.items():
        assert (own[name] - expected).norm() < near * expected.norm(), name
    recurrent = [name for name in gradients if name.startswith("recurrent")]
    assert len(recurrent) == 8
    assert all(gradients[name].abs().max() > 0 for name in recurrent)


def test_a_second_pass_before_the_gradients_of_the_first_is_refused() -> None:
    network = TorchWarmStart(WarmStartArchitecture(hidden=16), own_loop=True)
    tokens = torch.zeros((4, 2), dtype=torch.int64)
    first, _ = network(tokens)
    network(tokens)
    with pytest.raises(RuntimeError, match="taken the room"):
        first.sum().backward()


def test_only_a_network_in_training_that_is_told_to_learns_so() -> None:
    tokens = torch.zeros((4, 2), dtype=torch.int64)
    of_archives = TorchWarmStart(WarmStartArchitecture(hidden=16))
    of_archives(tokens)
    assert of_archives._scratch is None, "what ULTRA stores must not depend on Numba"
    network = TorchWarmStart(WarmStartArchitecture(hidden=16), own_loop=True)
    network.eval()
    network(tokens)
    assert network._scratch is None
    network.train()
    network(tokens)
    assert network._scratch.shape == (4, 2, 16)


def test_a_network_of_other_units_learns_with_pytorchs_own() -> None:
    network = TorchWarmStart(WarmStartArchitecture(hidden=12), own_loop=True)
    network.train()
    logits, _ = network(torch.zeros((4, 2), dtype=torch.int64))
    logits.sum().backward()
    assert network._scratch is None


PLAIN = """
import numpy as np
from acgz.nets.floats import read, write
from acgz.kernel import compiles_here, kernel
@kernel
def there_and_back(words, numbers):
    for at in range(0, words.size, 8):
        write(words, at, read(numbers, at))
        write(numbers, at, read(words, at))
numbers = np.random.default_rng(2).normal(0, 3, 4096).astype(np.float32)
numbers[:3] = 1 + 2.0**-8, 1 + 3 * 2.0**-8, -(1 + 2.0**-8)
words = np.zeros(numbers.size, np.uint16)
there_and_back(words, numbers)
print(compiles_here(), numbers[:3].tolist(), numbers.tobytes().hex()[:2000])
"""


def test_bfloats_are_rounded_alike_compiled_and_not() -> None:
    said = []
    for plain in ("0", "1"):
        surroundings = {**os.environ, "NUMBA_DISABLE_JIT": plain}
        line = [sys.executable, "-c", PLAIN]
        said.append(subprocess.check_output(line, env=surroundings, text=True).split(" ", 1))
    assert [first for first, _ in said] == ["True", "False"]
    assert said[0][1] == said[1][1]
    assert said[0][1].startswith("[1.0, 1.015625, -1.0]"), "halves go to even"
