"""The same archives from CPU and GPU: ``python tools/cuda_check.py``, some minutes.

Every mode with a network compresses a text with NumPy and with PyTorch on the GPU. The archives
have to be the same bytes, and each side has to restore what the other has written. Prints how fast
either is. Exit codes: 0 for all is the same, 1 for a difference, 77 where there is no GPU: then
nothing has been checked.
"""

from __future__ import annotations

import argparse
import runpy
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
SAME, DIFFERENT, NO_GPU = 0, 1, 77
"""77 says "skipped" to Automake, Meson and others."""

BASES = {"deepgeco": 30_000, "deepzip": 6_000, "geneformer": 10_000, "seqcoder": 48_502}
"""Codec -> bases of its text: a quarter of a minute of CPU, or less."""


@dataclass(frozen=True)
class Outcome:
    """What a mode has done."""

    mode: str
    bases: int
    faults: list[str]
    seconds: dict[str, float]
    """Of each step, by its name."""

    def __str__(self) -> str:
        speeds = " ".join(
            f"{self.bases / 1000 / seconds:9.2f}" for seconds in self.seconds.values()
        )
        return f"{self.mode:20} {self.bases:7,} {speeds}  {', '.join(self.faults) or 'the same'}"


STEPS = ("NumPy packs", "GPU packs", "NumPy restores", "GPU restores")


def check(mode: str, text: bytes, bases: int, device: str) -> Outcome:
    """Archives of ``text`` from both, each of them restored by the other."""
    import acgz

    faults, seconds = [], {}

    def timed(step: str, work: Any) -> Any:
        began = time.perf_counter()
        result = work()
        seconds[step] = time.perf_counter() - began
        return result

    def on_gpu(work: Any) -> Any:
        with computed_on(device):
            return work()

    pack = partial(acgz.compress, text, mode)
    here = timed(STEPS[0], pack)
    there = timed(STEPS[1], partial(on_gpu, pack))
    if here != there:
        faults.append("archives differ")
    if timed(STEPS[2], partial(acgz.decompress, there)) != text:
        faults.append("NumPy does not restore")
    if timed(STEPS[3], partial(on_gpu, partial(acgz.decompress, here))) != text:
        faults.append("the GPU does not restore")
    return Outcome(mode, bases, faults, seconds)


@contextmanager
def computed_on(device: str) -> Iterator[None]:
    """Meanwhile all networks are computed by PyTorch on ``device``, decoders too."""
    from acgz.nets.exact import operations

    usual = operations.backend

    def torch_backend(
        name: str = "numpy", _: str | None = None, with_numpy: Any = None, with_torch: Any = None
    ) -> Any:
        return usual("torch", device, with_numpy, with_torch)

    operations.backend = torch_backend
    try:
        yield
    finally:
        operations.backend = usual


def text_for(codec: str, most: int | None) -> tuple[bytes, int]:
    """A genome that the networks of ``codec`` can say something about, and how many bases."""
    genome = (ROOT / "demo" / "phage_lambda.fa").read_bytes()
    if codec == "geneformer":  # of the phage its networks know nothing, and are not stored
        made = runpy.run_path(str(ROOT / "tests" / "golden" / "make.py"))
        genome = made["mitochondrion"]()
    letters = b"".join(genome.split(b"\n")[1:])
    wanted = min(BASES[codec], most or BASES[codec])
    letters = (letters * -(-wanted // len(letters)))[:wanted]
    return b">genome\n" + letters + b"\n", wanted


def modes_with_networks() -> dict[str, str]:
    """Name -> codec."""
    from acgz.modes import MODES
    from acgz.nets import SYSTEMS

    return {name: mode.codec for name, mode in MODES.items() if mode.codec in SYSTEMS}


def main(given: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--modes", help="some of them, with commas between (default: all)")
    parser.add_argument("--bases", type=int, help="of a text at most")
    parser.add_argument(
        "--device", default="cuda", help="as PyTorch names it; cpu tries this program out"
    )
    args = parser.parse_args(given)
    try:
        import torch
    except ImportError:
        print("no GPU: PyTorch is not installed; nothing has been checked")
        return NO_GPU
    if args.device == "cuda" and not torch.cuda.is_available():
        print("no GPU: PyTorch sees none; nothing has been checked")
        return NO_GPU
    name = torch.cuda.get_device_name() if args.device == "cuda" else args.device
    print(f"{name}, PyTorch {torch.__version__}; kB/s: {', '.join(STEPS)}")
    outcomes = []
    for mode, codec in modes_with_networks().items():
        if args.modes is None or mode in args.modes.split(","):
            check(mode, *text_for(codec, 100), args.device)  # kernels are compiled and loaded
            outcomes.append(check(mode, *text_for(codec, args.bases), args.device))
            print(outcomes[-1], flush=True)
    if args.device != "cuda":
        print("no GPU: this has compared PyTorch with NumPy, and nothing with a GPU")
        return DIFFERENT if any(outcome.faults for outcome in outcomes) else NO_GPU
    return DIFFERENT if not outcomes or any(o.faults for o in outcomes) else SAME


if __name__ == "__main__":
    sys.exit(main())
