"""GeneFormer learns, its exact inference agrees with it, and its models compress."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from geneformer_models import tiny_architecture
from numpy.typing import NDArray

from acgz import models
from acgz.cli.main import main
from acgz.errors import InputError
from acgz.nets.architecture import Network
from acgz.nets.geneformer.architecture import CONTEXT, PLACES, REACH, SPAN, GeneFormerArchitecture
from acgz.nets.geneformer.cli import TRAINER
from acgz.nets.geneformer.operations import backend
from acgz.nets.geneformer.predictor import GeneFormer

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

from acgz.nets.geneformer.genomes import DataSet, DataSets  # noqa: E402
from acgz.nets.geneformer.settings import GeneFormerPlan  # noqa: E402
from acgz.nets.geneformer.starting import start_with  # noqa: E402
from acgz.nets.geneformer.torch_network import TorchGeneFormer, arrays, sinusoids  # noqa: E402
from acgz.nets.geneformer.train import (  # noqa: E402
    Lanes,
    NextBase,
    bits_per_base,
    trained,
)
from acgz.nets.training import Report, Run, train  # noqa: E402

pytestmark = pytest.mark.usefixtures("one_thread")


def residues(count: int, seed: int = 1) -> NDArray[np.uint8]:
    """Bases with some order in them."""
    steps = np.random.default_rng(seed).choice(4, count, p=[0.05, 0.85, 0.05, 0.05])
    return (np.cumsum(steps) % 4).astype(np.uint8)


def data_set(bases: int = 6000) -> DataSet:
    return DataSet.of(np.array_split(residues(bases), 20))


@pytest.mark.parametrize(
    "sizes",
    [
        {},
        {"dimension": 12, "heads": 3},
        {"latent": False},
        {"segments": 0},
        {"segments": 3},
        {"latent": False, "segments": 2},
    ],
)
def test_exact_inference_agrees_with_the_trained_network(sizes: dict[str, int]) -> None:
    torch.manual_seed(2)
    architecture = tiny_architecture(**sizes)
    module = TorchGeneFormer(architecture)
    bases = np.random.default_rng(1).integers(0, 4, (5, CONTEXT + 40))
    with torch.no_grad():  # running means, and u and v that are not zero
        module(torch.from_numpy(bases), module.memory(5))
        module.u.normal_()
        module.v.normal_()
    module.eval()
    exact = GeneFormer(backend(), architecture, arrays(module), 5)
    found = []
    for step in range(bases.shape[1]):
        exact.update(bases[:, step])
        found.append(exact.logits())
    with torch.no_grad():
        logits, _ = module(torch.from_numpy(bases[:, CONTEXT - REACH :]), module.memory(5))
    difference = np.stack(found[CONTEXT - 1 :], 1) - logits.numpy()
    assert np.abs(difference).max() < 0.01
    assert logits.abs().max() > 0.5, "there is nothing to compare"


def test_attention_is_equation_5_with_the_sinusoids_of_equations_2_and_3() -> None:
    """Every score is computed again, one pair of places after the other."""
    torch.manual_seed(3)
    d = tiny_architecture(dimension=4, heads=1)
    module = TorchGeneFormer(d, dropout=0.0).double().eval()
    with torch.no_grad():
        module.u.normal_()
        module.v.normal_()
        x = torch.randn(1, PLACES, 4, dtype=torch.float64)
        memory = torch.randn(1, PLACES, 4, dtype=torch.float64)
        found = module.attend(memory, *module._projected(x))[0]
        together = torch.cat([memory, x], 1)[0]
        w_q, w_k, w_v = module.query.T, module.key.T, module.value.T
        for i in range(PLACES):
            scores = []
            for j in range(2 * PLACES):
                distance = PLACES + i - j  # X(t) begins where the memory ends
                g = torch.tensor(
                    [
                        math.sin(distance),
                        math.cos(distance),
                        math.sin(distance / 100),  # 10000 ** (2 / 4)
                        math.cos(distance / 100),
                    ]
                ).double()
                by_content = (x[0, i] + module.u) @ w_q @ w_k.T @ together[j]
                by_position = (x[0, i] + module.v) @ w_q @ w_k.T @ g
                scores.append((by_content + by_position) / math.sqrt(4))
            weights = torch.stack(scores).softmax(0)
            assert torch.allclose(found[i], weights @ (together @ w_v), atol=1e-6)


def test_sinusoids_begin_with_the_largest_distance() -> None:
    g = sinusoids(tiny_architecture(segments=1))
    assert g.shape == (2 * PLACES + PLACES - 1, 8)
    assert g[0, 0] == pytest.approx(math.sin(2 * PLACES - 1), abs=1e-6)
    assert g[-1, 0] == pytest.approx(math.sin(1 - PLACES), abs=1e-6)


def test_the_newest_base_ends_the_last_window() -> None:
    """Of 41 places 13 windows of 3 are taken; the two oldest bases are left over."""
    torch.manual_seed(4)
    module = TorchGeneFormer(tiny_architecture(dimension=128)).eval()
    bases = torch.zeros((1, CONTEXT), dtype=torch.int64)
    reached = []
    for place in range(CONTEXT):
        other = bases.clone()
        other[0, place] = 1
        with torch.no_grad():
            features = [module.features(b[:, CONTEXT - REACH :]) for b in (bases, other)]
        assert features[0].shape[1] == SPAN
        if not torch.equal(*features):
            reached.append(place)
    assert reached == list(range(2, CONTEXT))


@pytest.mark.parametrize("quick", [{}, {"learn": 64, "bfloat16": True}, {"bfloat16": True}])
def test_a_few_steps_lower_the_loss(quick: dict[str, Any]) -> None:
    torch.manual_seed(1)
    data = data_set()
    plan = GeneFormerPlan(steps=60, epochs=2, learning_rate=0.003, batch=16, unroll=4, **quick)
    task = NextBase([data, data], plan)
    module = TorchGeneFormer(tiny_architecture(), dropout=0.0)
    reports: list[Report] = []
    after = train(module, task, plan, reports.append)
    assert after < 1.7
    assert [r.step for r in reports if r.validation_bits is not None] == [30, 60]


def test_the_best_network_is_kept_and_a_resumed_training_has_to_beat_it(tmp_path: Path) -> None:
    output, checkpoint = tmp_path / "model.safetensors", tmp_path / "checkpoint"
    seen: list[float] = []

    def report(report: Report) -> None:
        if report.validation_bits is not None:
            seen.append(round(report.validation_bits, 5))

    for steps, rate in ((20, 0.003), (40, 0.9)):  # the second half spoils what was learned
        plan = GeneFormerPlan(steps, 4, learning_rate=rate, batch=8, unroll=4)
        run = Run(output, checkpoint=checkpoint, report=report)
        trained(DataSets(["x"], [data_set()]), tiny_architecture(data="nothing real"), plan, run)
    kept = GeneFormerArchitecture.read(output).architecture
    assert kept.bits == min(seen) < max(seen)
    assert kept.data == "nothing real"


def test_records_are_dealt_out_seven_to_two_to_one() -> None:
    data = DataSet.of([np.full(100, number % 4, np.uint8) for number in range(30)])
    assert (data.training.size, data.validation.size, data.test.size) == (2100, 600, 300)


def test_lanes_read_on_and_have_the_bases_before_them() -> None:
    sequence = np.arange(5000) // 30
    lanes = Lanes(
        sequence.astype(np.uint8), GeneFormerPlan(batch=10, unroll=3, length=10**9), seed=1
    )
    before, jumped = lanes.next()
    after, again = lanes.next()
    assert before.shape == (10, REACH + 3)
    assert not jumped.any()
    assert (before[:, 3:] == after[:, :-3])[~again].all()


@pytest.mark.parametrize("records", [9, 10])
def test_too_little_to_divide_is_an_input_error(records: int) -> None:
    with pytest.raises(InputError):
        DataSet.of([np.zeros(8, np.uint8)] * records)


def test_a_sequence_of_any_length_is_validated() -> None:
    module = TorchGeneFormer(tiny_architecture()).eval()
    for count in (REACH + 1, REACH + 40, 5000):
        assert 0 < bits_per_base(module, residues(count)) < 10


def test_the_command_trains_and_its_model_compresses(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    records = np.array_split(residues(4000), 12)
    text = b"".join(b">r\n" + np.frombuffer(b"ACGT", "S1")[r].tobytes() + b"\n" for r in records)
    genomes, model = tmp_path / "genomes.fa", tmp_path / "model.safetensors"
    genomes.write_bytes(text)
    line = ["train", "geneformer", str(genomes), str(genomes), "-o", str(model), "-T", "1"]
    line += ["--dimension", "8", "--batch", "4", "--epochs", "2", "--steps", "4"]
    line += ["--device", "cpu"]
    assert main(line) == 0
    assert "held out: " in capsys.readouterr().err
    first = models.read(model).digest
    assert main(line) == 0
    assert models.read(model).digest == first, "the seed decides"
    assert main([*line, "--heads", "3"]) == 2
    assert main([*line, "--dropout", "1"]) == 2

    archive, restored = tmp_path / "genomes.acgz", tmp_path / "restored.fa"
    compress = ["compress", "-q", "-m", "geneformer-grouped", "--model", str(model)]
    compress += ["--set", "group=500", str(genomes), "-o", str(archive)]
    assert main(compress) == 0
    monkeypatch.setenv("ACGZ_MODELS", str(tmp_path))
    assert main(["decompress", "-q", str(archive), "-o", str(restored)]) == 0
    assert restored.read_bytes() == text


def test_a_training_that_starts_with_a_network_begins_where_that_is() -> None:
    torch.manual_seed(5)
    architecture = tiny_architecture()
    old, new = (TorchGeneFormer(architecture, 0.0) for _ in range(2))
    bases = torch.from_numpy(np.random.default_rng(1).integers(0, 4, (40, REACH + 60)))
    with torch.no_grad():
        old(bases, old.memory(40))  # running means
        old.batch_norm.weight.uniform_(0.5, 2)
        old.batch_norm.bias.normal_()
    stored = Network(architecture, arrays(old), bytes(32))
    start_with(new, stored, bases)
    old.eval()
    with torch.no_grad():
        expected = old(bases[:, :-1], old.memory(40))[0]
        learning = new(bases[:, :-1], new.memory(40))[0]
        new.eval()
        settled = new(bases[:, :-1], new.memory(40))[0]
    assert (expected - learning).abs().max() < 0.02
    assert (expected - settled).abs().max() < 0.02
    assert expected.abs().max() > 0.5, "there is nothing to compare"
    with pytest.raises(InputError, match="other sizes"):
        start_with(TorchGeneFormer(tiny_architecture(dimension=24)), stored, bases)


def test_the_command_starts_with_a_network_and_takes_its_sizes(tmp_path: Path) -> None:
    genomes, first, second = (tmp_path / name for name in ("g.fa", "1.st", "2.st"))
    parts = np.array_split(residues(6000), 20)
    genomes.write_text("".join(f">{n}\n{_letters(one)}\n" for n, one in enumerate(parts)))
    line = ["train", "geneformer", "-q", str(genomes), "-T", "1", "--batch", "8", "--epochs", "1"]
    sizes = ["--dimension", "8", "--heads", "2", "--segments", "0", "--steps", "30"]
    assert main([*line, *sizes, "-o", str(first)]) == 0
    learned = GeneFormerArchitecture.read(first).architecture
    started = ["--start", str(first), "--steps", "1", "--learning-rate", "1e-6"]
    assert main([*line, *started, "-o", str(second)]) == 0
    found = GeneFormerArchitecture.read(second).architecture
    assert (found.dimension, found.heads, found.segments) == (8, 2, 0)
    assert found.bits is not None
    assert learned.bits is not None
    assert abs(found.bits - learned.bits) < 0.02


def _letters(bases: NDArray[np.uint8]) -> str:
    return "".join("ACGT"[base] for base in bases)


def test_a_network_names_its_data_without_their_folders() -> None:
    sized = TRAINER.sized({}, GeneFormerPlan(), ["/home/somebody/fish.fa.gz", "human.fa"])
    assert sized.data == "fish.fa.gz, human.fa"
