"""Learning from the bases that surprise is learning from all of them, in the mean."""

from __future__ import annotations

from typing import Any

import pytest
from geneformer_models import tiny_architecture

from acgz.nets.geneformer.architecture import REACH

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

from acgz.nets.geneformer.surprise import LEAST, Surprise, chances_of  # noqa: E402
from acgz.nets.geneformer.torch_network import TorchGeneFormer  # noqa: E402

pytestmark = pytest.mark.usefixtures("one_thread")

STEPS = 6


def network_and_bases(**sizes: Any) -> tuple[TorchGeneFormer, torch.Tensor]:
    torch.manual_seed(5)
    network = TorchGeneFormer(tiny_architecture(**sizes), dropout=0.0).train()
    return network, torch.randint(0, 4, (7, REACH + STEPS))


def gradients(network: TorchGeneFormer, loss: torch.Tensor) -> torch.Tensor:
    network.zero_grad(set_to_none=True)
    loss.backward()
    return torch.cat([p.grad.flatten() for p in network.parameters() if p.grad is not None])


def of_all(network: TorchGeneFormer, bases: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Loss of every base, and the memory after them."""
    logits, memory = network(bases[:, :-1], network.memory(len(bases)))
    nats = torch.nn.functional.cross_entropy(logits.flatten(0, 1), bases[:, REACH:].flatten())
    return nats, memory


@pytest.mark.parametrize("sizes", [{}, {"segments": 2}, {"segments": 0}, {"latent": False}])
def test_if_all_bases_are_drawn_loss_gradient_and_memory_are_those_of_all(
    sizes: dict[str, Any],
) -> None:
    network, bases = network_and_bases(**sizes)
    nats, after = of_all(network, bases)
    expected = gradients(network, nats)
    found, memory = Surprise(10**9, bfloat16=False).loss(network, bases, network.memory(7))
    assert torch.allclose(found, nats, atol=1e-6)
    assert torch.allclose(memory, after, atol=1e-5)
    assert torch.allclose(gradients(network, found), expected, atol=1e-6)
    assert expected.abs().max() > 1e-3, "there is nothing to compare"


def test_the_mean_of_many_draws_is_the_gradient_of_all() -> None:
    network, bases = network_and_bases()
    expected = gradients(network, of_all(network, bases)[0])
    surprise = Surprise(8, bfloat16=False)
    draws = [
        gradients(network, surprise.loss(network, bases, network.memory(7))[0]) for _ in range(300)
    ]
    alone = torch.stack([(draw - expected).norm() for draw in draws]).mean()
    assert (torch.stack(draws).mean(0) - expected).norm() < 0.15 * alone


def test_what_surprises_is_drawn_and_the_rest_now_and_then() -> None:
    wrong = torch.zeros(10, 100)
    wrong[3, 50:55] = 0.9
    chances = chances_of(wrong, 20)
    assert (chances[3, 50:55] == 1).all()
    assert 0 < chances[0, 0] == pytest.approx(20 * LEAST / float((wrong + LEAST).sum()))
    assert chances_of(torch.full((10, 100), 0.75), 20).sum() == pytest.approx(20)


def test_sixteen_bits_change_little() -> None:
    network, bases = network_and_bases(dimension=32)
    nats, after = of_all(network, bases)
    with torch.autocast("cpu", torch.bfloat16):
        found, memory = Surprise(10**9, bfloat16=True).loss(network, bases, network.memory(7))
    assert found.dtype == memory.dtype == torch.float32
    assert float(found.detach()) == pytest.approx(float(nats.detach()), rel=0.02)
    assert (memory - after).abs().mean() < 0.02
