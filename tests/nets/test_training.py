"""Training lowers the loss, can be resumed, and its models compress."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from acgz import models
from acgz.cli.main import main
from acgz.errors import InputError
from acgz.nets.architecture import Network
from acgz.nets.deepgeco.architecture import WarmStartArchitecture
from acgz.nets.deepgeco.grid import Grid
from conftest import fasta

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

from acgz.nets.corpus import PIECE, Corpus  # noqa: E402
from acgz.nets.deepgeco import warm_start  # noqa: E402
from acgz.nets.deepgeco.settings import WarmStartPlan  # noqa: E402
from acgz.nets.deepgeco.starting import start_with  # noqa: E402
from acgz.nets.deepgeco.streams import Streams, in_lanes  # noqa: E402
from acgz.nets.deepgeco.torch_network import TorchWarmStart, arrays  # noqa: E402
from acgz.nets.deepgeco.train import NextToken  # noqa: E402
from acgz.nets.exact import operations  # noqa: E402
from acgz.nets.training import Report, train  # noqa: E402

pytestmark = pytest.mark.usefixtures("one_thread")


def corpus(pieces: int = 4) -> Corpus:
    """Sequence in which a base tells much about the next."""
    steps = np.random.default_rng(1).choice(4, pieces * PIECE, p=[0.1, 0.7, 0.1, 0.1])
    return Corpus.of([(np.cumsum(steps) % 4).astype(np.uint8)])


def tiny(network: str = "gru", s: int = 3, k: int = 3) -> WarmStartArchitecture:
    return WarmStartArchitecture(
        network=network, s=s, k=k, embedding=4, hidden=16, dense=16, window=8, stride=4
    )


@pytest.mark.parametrize("network", ["gru", "bigru"])
def test_a_few_steps_lower_the_loss(network: str) -> None:
    torch.manual_seed(1)
    architecture = tiny(network)
    plan = WarmStartPlan(steps=40, epochs=2, learning_rate=0.02, batch=64, unroll=16)
    task = NextToken(corpus(), architecture, plan)
    module = TorchWarmStart(architecture)
    with torch.no_grad():
        before = task.validate(module)
    reports: list[Report] = []
    after = train(module, task, plan, reports.append)
    assert after < before - 0.05
    assert [r.step for r in reports if r.validation_bits is not None] == [20, 40]


def test_without_a_mean_of_gradients_steps_follow_the_last_one() -> None:
    architecture = tiny()
    moved = []
    for beta1 in (0.9, 0.0):
        torch.manual_seed(1)
        module = TorchWarmStart(architecture)
        plan = WarmStartPlan(steps=2, batch=8, unroll=16, falling=False, beta1=beta1)
        train(module, NextToken(corpus(), architecture, plan), plan)
        moved.append([p.detach().clone() for p in module.parameters()])
    assert any(not torch.equal(*pair) for pair in zip(*moved, strict=True))


@pytest.mark.parametrize(("network", "s", "k"), [("gru", 3, 3), ("gru", 1, 4), ("bigru", 3, 3)])
def test_exact_inference_agrees_with_the_trained_network(network: str, s: int, k: int) -> None:
    torch.manual_seed(2)
    architecture = tiny(network, s, k)
    module = TorchWarmStart(architecture)
    stored = arrays(module)
    module.load_state_dict({name: torch.from_numpy(a).float() for name, a in stored.items()})
    tokens = np.random.default_rng(1).integers(0, 4**k, (12, 5))
    exact = warm_start.make(operations.backend(), architecture, stored, 5)
    for row in tokens:
        exact.advance(row)
    seen = tokens if network == "gru" else tokens[-architecture.window :]
    with torch.no_grad():
        logits, _ = module(torch.from_numpy(seen))
    expected = logits[-1] if network == "gru" else logits
    assert np.abs(exact.logits() - expected.numpy()).max() < 0.01


def started(
    own: WarmStartArchitecture, theirs: WarmStartArchitecture
) -> tuple[TorchWarmStart, TorchWarmStart]:
    """A network that has begun with the weights of another, and the other."""
    torch.manual_seed(3)
    network, other = TorchWarmStart(own), TorchWarmStart(theirs)
    state = {name: tensor.numpy() for name, tensor in other.state_dict().items()}
    start_with(network, Network(theirs, state, bytes(32)))
    return network, other


@pytest.mark.parametrize("network", ["gru", "bigru"])
def test_a_network_that_starts_with_a_gru_predicts_as_it_does(network: str) -> None:
    new, old = started(tiny(network), tiny("gru"))
    tokens = torch.from_numpy(np.random.default_rng(4).integers(0, 64, (8, 5)))
    with torch.no_grad():
        ours, theirs = new(tokens)[0], old(tokens)[0]
    torch.testing.assert_close(ours if network == "bigru" else ours[-1], theirs[-1])


@pytest.mark.parametrize(("units", "more"), [(8, 12), (8, 16), (16, 24)])
def test_a_gru_grows_from_one_of_fewer_units_and_predicts_as_it_does(units: int, more: int) -> None:
    architecture = tiny("gru")
    new, old = started(replace(architecture, hidden=more), replace(architecture, hidden=units))
    tokens = torch.from_numpy(np.random.default_rng(4).integers(0, 64, (8, 5)))
    with torch.no_grad():
        torch.testing.assert_close(new(tokens)[0], old(tokens)[0])
    for layer in ("recurrent.weight_ih_l0", "recurrent.weight_hh_l1"):
        assert (new.state_dict()[layer].view(3, more, -1)[:, units:] != 0).all()  # able to learn


@pytest.mark.parametrize("network", ["gru", "bigru"])
def test_a_network_to_start_with_has_the_right_sizes(network: str) -> None:
    with pytest.raises(InputError, match="other sizes"):
        started(tiny(network), replace(tiny("gru"), hidden=24))
    with pytest.raises(InputError, match="other sizes"):
        started(tiny("gru"), tiny("bigru"))
    with pytest.raises(InputError, match="other sizes"):
        started(tiny("gru"), replace(tiny("gru"), hidden=24))
    with pytest.raises(InputError, match="other sizes"):
        started(replace(tiny("gru"), hidden=24, dense=24), tiny("gru"))


@pytest.mark.parametrize("quick", [[], ["--bfloat16"]])
def test_the_command_takes_the_units_of_the_network_it_starts_with(
    tmp_path: Path, quick: list[str]
) -> None:
    architecture = WarmStartArchitecture(hidden=8)
    gru = tmp_path / "gru.safetensors"
    architecture.write(gru, arrays(TorchWarmStart(architecture)))
    genome, output = tmp_path / "genome.fa", tmp_path / "bigru.safetensors"
    genome.write_bytes(fasta(2 * PIECE + 100))
    line = ["train", "warm-start", "-q", str(genome), "-o", str(output), "--network", "bigru"]
    assert main([*line, "--start", str(gru), "--steps", "1", "--batch", "2", *quick]) == 0
    trained = WarmStartArchitecture.read(output).architecture
    assert (trained.network, trained.hidden) == ("bigru", 8)


def test_streams_read_on_and_see_both_strands() -> None:
    residues = np.random.default_rng(1).integers(0, 4, 100_000).astype(np.uint8)
    streams = Streams(residues, Grid(1, 1), WarmStartPlan(batch=50, length=10**9))
    before, _ = streams.next(20)
    after, again = streams.next(20)
    assert before.shape == (21, 50)
    assert not again.any() or again.mean() < 0.1
    assert (before[-1] == after[0])[~again].all()
    text = residues.tobytes()
    strand = (3 - residues[::-1]).astype(np.uint8).tobytes()
    found = [before[:, lane].astype(np.uint8).tobytes() for lane in range(50)]
    assert all(part in text or part in strand for part in found)
    assert any(part not in text for part in found)
    assert any(part not in strand for part in found)


def test_held_out_sequence_is_not_trained_on() -> None:
    residues = np.random.default_rng(1).integers(0, 4, 10 * PIECE).astype(np.uint8)
    divided = Corpus.of([residues], every=5)
    assert divided.training.size == 8 * PIECE
    assert divided.validation.size == 2 * PIECE
    assert divided.validation[:PIECE].tobytes() not in divided.training.tobytes()


def test_lanes_hold_the_tokens_in_order() -> None:
    residues = np.arange(24, dtype=np.uint8) % 4
    assert in_lanes(residues, Grid(2, 2), 2)[:, 0].tolist() == [1, 11, 1, 11, 1, 11]


def test_too_little_sequence_is_an_input_error() -> None:
    with pytest.raises(InputError, match="at least"):
        Corpus.of([np.zeros(100, np.uint8)])


def test_the_command_trains_resumes_and_its_model_compresses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    genome, model = tmp_path / "genome.fa", tmp_path / "model.safetensors"
    genome.write_bytes(fasta(3 * PIECE))
    line = ["train", "warm-start", str(genome), "-o", str(model), "--hidden", "8", "-T", "1"]
    line += ["--batch", "4", "--epochs", "2", "--seed", "3", "--device", "cpu"]
    assert main([*line, "--steps", "4"]) == 0
    assert "held out: " in capsys.readouterr().err
    first = models.read(model)
    assert main([*line, "--steps", "4"]) == 0
    assert models.read(model).digest == first.digest, "the seed decides"
    (tmp_path / "model.safetensors.checkpoint").write_bytes(b"nonsense")
    assert main([*line, "--steps", "4", "--resume"]) == InputError.exit_code

    small = tmp_path / "small.fa"
    small.write_bytes(fasta(1000))
    archive, restored = tmp_path / "small.acgz", tmp_path / "restored.fa"
    compress = ["compress", "-q", "-m", "deepgeco-mini", "--model", str(model)]
    assert main([*compress, "--verify", str(small), "-o", str(archive)]) == 0
    monkeypatch.setenv("ACGZ_MODELS", str(tmp_path))
    assert main(["decompress", "-q", str(archive), "-o", str(restored)]) == 0
    assert restored.read_bytes() == small.read_bytes()


def test_a_resumed_training_goes_on_where_it_stopped(tmp_path: Path) -> None:
    architecture, checkpoint = tiny(), tmp_path / "checkpoint"
    steps: list[int] = []
    for total in (4, 8):
        plan = WarmStartPlan(steps=total, epochs=total, batch=4, unroll=4)
        task = NextToken(corpus(), architecture, plan)
        train(TorchWarmStart(architecture), task, plan, lambda r: steps.append(r.step), checkpoint)
    assert steps == [1, 2, 3, 4, 5, 6, 7, 8]
