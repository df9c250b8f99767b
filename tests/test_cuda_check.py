"""The check of GPUs passes nothing where there is none, and sees what is wrong where there is."""

from __future__ import annotations

import sys

import pytest

import acgz
import cuda_check
from acgz.nets import SYSTEMS
from acgz.nets.exact import operations


def test_without_pytorch_nothing_is_checked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.setattr(cuda_check, "check", lambda *_: pytest.fail("checked without a GPU"))
    assert cuda_check.main([]) == cuda_check.NO_GPU
    assert capsys.readouterr().out.startswith("no GPU")


def test_without_a_gpu_nothing_is_checked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(cuda_check, "check", lambda *_: pytest.fail("checked without a GPU"))
    assert cuda_check.main([]) == cuda_check.NO_GPU not in (0, 1)
    assert capsys.readouterr().out.startswith("no GPU")


def test_every_system_has_a_text() -> None:
    assert set(cuda_check.modes_with_networks().values()) == set(SYSTEMS) == set(cuda_check.BASES)
    for codec in SYSTEMS:
        text, bases = cuda_check.text_for(codec, 50)
        assert (bases, len(text)) == (50, 59)


@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize("mode", ["deepgeco-mini", "geneformer-grouped", "seqcoder"])
def test_pytorch_stands_in_for_a_gpu_and_still_passes_nothing(
    mode: str, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("torch", reason="PyTorch is not installed")
    line = ["--device", "cpu", "--modes", mode, "--bases", "300"]
    assert cuda_check.main(line) == cuda_check.NO_GPU
    assert "the same" in capsys.readouterr().out


def test_a_difference_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch", reason="PyTorch is not installed")
    text = b">a\nACGT\n"
    made, restored = iter([b"of NumPy", b"of the GPU"]), iter([text, b">a\nACGG\n"])
    monkeypatch.setattr(acgz, "compress", lambda text, mode: next(made))
    monkeypatch.setattr(acgz, "decompress", lambda archive: next(restored))
    outcome = cuda_check.check("plus", text, 4, "cpu")
    assert outcome.faults == ["archives differ", "the GPU does not restore"]


def test_networks_are_computed_on_the_device_only_meanwhile() -> None:
    pytest.importorskip("torch", reason="PyTorch is not installed")
    with cuda_check.computed_on("cpu"):
        assert operations.backend().name == "torch"
    assert operations.backend().name == "numpy"
