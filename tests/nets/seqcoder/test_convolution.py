"""Convolutions and the SeqCoder network agree with PyTorch in float64, and on both backends."""

from __future__ import annotations

import numpy as np
import pytest

from acgz.nets.exact import operations
from acgz.nets.seqcoder.convolution import Convolution, TransposedConvolution

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

from acgz.nets.seqcoder import torch_network as published  # noqa: E402
from acgz.nets.seqcoder.architecture import SeqCoderArchitecture  # noqa: E402
from acgz.nets.seqcoder.network import ZERO, AutoEncoder  # noqa: E402
from acgz.nets.seqcoder.twobit import torch_network as twobit  # noqa: E402
from acgz.nets.seqcoder.twobit.architecture import TwoBitArchitecture  # noqa: E402
from acgz.nets.seqcoder.twobit.network import TwoBitAutoEncoder  # noqa: E402
from acgz.nets.seqcoder.values import VALUE_OF  # noqa: E402

NUMPY, TORCH = operations.backend("numpy"), operations.backend("torch", "cpu")

pytestmark = pytest.mark.usefixtures("one_thread")


def random(*shape: int, seed: int = 1) -> np.ndarray:  # type: ignore[type-arg]
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def expected(layer: object, x: np.ndarray, weight: np.ndarray, bias: np.ndarray, **how: int):  # type: ignore
    """What PyTorch makes of x (B, L, channels) in float64."""
    given = [torch.from_numpy(a).double() for a in (x.transpose(0, 2, 1), weight, bias)]
    return layer(*given, **how).transpose(1, 2).numpy()  # type: ignore[operator]


@pytest.mark.parametrize("kernel", [1, 2, 3, 4, 7])
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_a_convolution_agrees_with_float64(kernel: int, stride: int) -> None:
    padding = max(0, kernel - stride + 1) // 2
    if kernel < stride or (12 + 2 * padding - kernel) // stride + 1 != 12 // stride:
        pytest.skip("PyTorch gives another number of positions")
    x, weight, bias = random(3, 12, 5), random(6, 5, kernel, seed=2), random(6, seed=3)
    near = expected(torch.nn.functional.conv1d, x, weight, bias, stride=stride, padding=padding)
    out = Convolution(NUMPY, weight, bias, stride, padding).forward(x)
    assert out.shape == near.shape
    assert np.abs(out - near).max() < 0.03
    there = Convolution(TORCH, weight, bias, stride, padding).forward(TORCH.array(x))
    assert out.tobytes() == TORCH.numpy(there).tobytes()


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("padding", [0, 1, 2])
@pytest.mark.parametrize("length", [1, 2, 9])
def test_a_transposed_convolution_agrees_with_float64(
    stride: int, padding: int, length: int
) -> None:
    kernel = stride + 2 * padding
    x, weight, bias = random(2, length, 5), random(5, 6, kernel, seed=2), random(6, seed=3)
    near = expected(
        torch.nn.functional.conv_transpose1d, x, weight, bias, stride=stride, padding=padding
    )
    out = TransposedConvolution(NUMPY, weight, bias, stride, padding).forward(x)
    assert out.shape == near.shape
    assert np.abs(out - near).max() < 0.03
    there = TransposedConvolution(TORCH, weight, bias, stride, padding).forward(TORCH.array(x))
    assert out.tobytes() == TORCH.numpy(there).tobytes()


def test_a_kernel_of_three_doubles_the_length_with_an_output_padding() -> None:
    x, weight, bias = random(2, 9, 5), random(5, 6, 3, seed=2), random(6, seed=3)
    near = expected(
        torch.nn.functional.conv_transpose1d, x, weight, bias, stride=2, padding=1, output_padding=1
    )
    out = TransposedConvolution(NUMPY, weight, bias, 2, 1).forward(x)
    assert out.shape == near.shape == (2, 18, 6)
    assert np.abs(out - near).max() < 0.03


@pytest.mark.parametrize("widths", ["32,64,128,128", "8,16"])
def test_the_exact_network_agrees_with_the_trained_one(widths: str) -> None:
    torch.manual_seed(1)
    d = SeqCoderArchitecture(chunk=64, widths=widths)
    module = published.TorchAutoEncoder(d)
    with torch.no_grad():
        for _ in range(20):  # so that batch norm has seen something
            module.decode(module.encode(torch.randint(0, 4, (8, 64)) / 4))
    stored = published.arrays(module)
    assert {name: array.shape for name, array in stored.items()} == d.shapes()
    residues = np.random.default_rng(1).integers(0, 4, (3, 64)).astype(np.uint8)
    module.eval()
    with torch.no_grad():
        latents = published.rounded(module.encode(torch.from_numpy(VALUE_OF[residues])), d.grid)
        near = module.decode(latents).numpy()
    values = (latents.transpose(1, 2).numpy() * d.grid + ZERO).astype(np.uint8)
    exact = AutoEncoder(NUMPY, d, stored)
    found = exact.encode(residues)
    assert np.abs(found.astype(int) - values).max() <= 2, "rounding may fall the other way"
    out = exact.decode(values)
    assert np.abs(out - near).max() < 0.02
    there = AutoEncoder(TORCH, d, stored)
    assert found.tobytes() == there.encode(residues).tobytes()
    assert out.tobytes() == there.decode(values).tobytes()


@pytest.mark.parametrize("widths", ["16,16", "8,12,16"])
def test_the_exact_two_bits_agree_with_the_trained_ones(widths: str) -> None:
    torch.manual_seed(1)
    d = TwoBitArchitecture(chunk=64, widths=widths, keys=4)
    module = twobit.TorchTwoBit(d)
    with torch.no_grad():
        module.encoder_attention.gain.fill_(0.7)
        module.decoder_attention.gain.fill_(0.5)
        for _ in range(20):  # so that batch norm has seen something
            module.decode(module.encode(torch.randint(0, 4, (8, 64))))
    stored = published.arrays(module)
    assert {name: array.shape for name, array in stored.items()} == d.shapes()
    bases = torch.randint(0, 4, (3, 64))
    module.eval()
    with torch.no_grad():
        latents = twobit.centres(module.encode(bases))
        near = module.decode(latents).transpose(1, 2).numpy()
    levels = (latents.transpose(1, 2).numpy() + 1.5).astype(np.uint8)
    exact = TwoBitAutoEncoder(NUMPY, d, stored)
    given = bases.numpy().astype(np.uint8)
    assert (exact.encode(given) != levels).mean() < 0.02, (
        "only values between two levels may differ"
    )
    out = exact.decode(levels)
    assert np.abs(out - near).max() < 0.02
    there = TwoBitAutoEncoder(TORCH, d, stored)
    assert exact.encode(given).tobytes() == there.encode(given).tobytes()
    assert out.tobytes() == there.decode(levels).tobytes()
