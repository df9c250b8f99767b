"""Training a SeqCoder network lowers the loss, keeps the code of its start, and can be resumed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from acgz import models
from acgz.cli.main import main
from acgz.errors import UsageError
from conftest import fasta

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

from acgz.nets.corpus import PIECE, Corpus  # noqa: E402
from acgz.nets.seqcoder.architecture import SeqCoderArchitecture  # noqa: E402
from acgz.nets.seqcoder.settings import SeqCoderPlan  # noqa: E402
from acgz.nets.seqcoder.torch_network import TorchAutoEncoder  # noqa: E402
from acgz.nets.seqcoder.train import Reconstruction, entropy  # noqa: E402
from acgz.nets.seqcoder.twobit import train as twobit  # noqa: E402
from acgz.nets.seqcoder.twobit.architecture import TwoBitArchitecture  # noqa: E402
from acgz.nets.seqcoder.twobit.settings import TwoBitPlan  # noqa: E402
from acgz.nets.seqcoder.twobit.torch_network import TorchTwoBit, centres  # noqa: E402
from acgz.nets.training import Report, train  # noqa: E402

pytestmark = pytest.mark.usefixtures("one_thread")


NOISE = np.random.default_rng(1).integers(0, 4, 4 * PIECE).astype(np.uint8)


@pytest.mark.parametrize("short", [0.0, 0.5])
def test_a_few_steps_lower_the_loss(short: float) -> None:
    torch.manual_seed(1)
    architecture = SeqCoderArchitecture(chunk=64, widths="16,16")
    plan = SeqCoderPlan(steps=80, epochs=2, learning_rate=0.005, batch=16, short=short)
    task = Reconstruction(Corpus.of([NOISE]), architecture, plan)
    network = TorchAutoEncoder(architecture)
    reports: list[Report] = []
    train(network, task, plan, reports.append)
    assert [r.step for r in reports if r.validation_bits is not None] == [40, 80]
    assert reports[-1].training_bits < 0.6 * reports[0].training_bits


def test_batch_norms_have_what_the_network_is_not_what_it_was() -> None:
    torch.manual_seed(1)
    architecture = SeqCoderArchitecture(chunk=64, widths="16,16")
    task = Reconstruction(Corpus.of([NOISE]), architecture, SeqCoderPlan(batch=16))
    network = TorchAutoEncoder(architecture).eval()
    norms = [module for module in network.modules() if isinstance(module, torch.nn.BatchNorm1d)]
    with torch.no_grad():
        bits = task.validate(network)
        for norm in norms:
            norm.running_var *= 100
        assert task.validate(network) == bits
    assert not network.training
    assert {norm.momentum for norm in norms} == {0.1}, "it goes on as before"


def test_two_bits_restore_most_bases_after_a_few_steps() -> None:
    torch.manual_seed(1)
    architecture = TwoBitArchitecture(chunk=64)
    plan = TwoBitPlan(steps=80, epochs=2, learning_rate=0.01, batch=16)
    task = twobit.Reconstruction(Corpus.of([NOISE]), architecture, plan)
    network = TorchTwoBit(architecture)
    reports: list[Report] = []
    bits = train(network, task, plan, reports.append, groups=twobit.parameter_groups(network))
    assert reports[-1].training_bits < 0.7 * reports[0].training_bits
    assert bits < 2.7, "2 bits for the latent values of noise, the rest for mismatches"


def test_two_bits_begin_as_a_code_that_tells_all_4mers_apart() -> None:
    network = TorchTwoBit(TwoBitArchitecture(chunk=64))
    bases = torch.from_numpy(np.random.default_rng(1).integers(0, 4, (32, 64)))
    network.train()
    levels = centres(network.encode(bases)).transpose(1, 2).reshape(32, 64) + 1.5
    assert (levels == bases).float().mean() > 0.99


def test_entropy_is_that_of_the_shares() -> None:
    assert entropy(np.array([0, 1, 2, 3])) == 2.0
    assert entropy(np.array([1, 1])) == 0.0


@pytest.mark.parametrize("latent", ["int8", "twobit"])
def test_the_command_trains_and_its_model_compresses(
    latent: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    genome, model = tmp_path / "genome.fa", tmp_path / "model.safetensors"
    genome.write_bytes(fasta(3 * PIECE))
    name = "seqcoder" if latent == "int8" else "seqcoder-twobit"
    line = ["train", name, str(genome), "-o", str(model), "--widths", "8,16", "-T", "1"]
    line += ["--batch", "2", "--chunk", "64", "--epochs", "2", "--steps", "4", "--device", "cpu"]
    assert main(line) == 0
    assert "held out: " in capsys.readouterr().err
    first = models.read(model)
    assert first.architecture["trained_on"] == "genome.fa"
    assert main(line) == 0
    assert models.read(model).digest == first.digest, "the seed decides"
    assert main([*line, "--widths", "8,x"]) == UsageError.exit_code
    assert main([*line, "--chunk", "63"]) == UsageError.exit_code

    small, archive = tmp_path / "small.fa", tmp_path / "small.acgz"
    small.write_bytes(fasta(1000))
    compress = ["compress", "-q", "-m", "seqcoder", "--latent", latent]
    compress += ["--model", str(model), "--verify"]
    assert main([*compress, str(small), "-o", str(archive)]) == 0
    monkeypatch.setenv("ACGZ_MODELS", str(tmp_path))
    restored = tmp_path / "restored.fa"
    assert main(["decompress", "-q", str(archive), "-o", str(restored)]) == 0
    assert restored.read_bytes() == small.read_bytes()
