"""What every kind of ``acgz train`` shares: options, the input, the lines of progress."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from acgz.cli import messages, options

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from acgz.nets.training import Report


def add_common(parser: argparse.ArgumentParser) -> None:
    """FILES, where the model goes, and how to run."""
    parser.add_argument("files", nargs="+", metavar="FILE")
    parser.add_argument(
        "-o", "--output", required=True, type=Path, metavar="PATH", help="the model"
    )
    parser.add_argument("--seed", type=int, default=1, help="default: %(default)s")
    parser.add_argument("--device", help="as PyTorch names it (default: a GPU if there is one)")
    parser.add_argument("--resume", action="store_true", help="go on from the last epoch")
    options.add_threads(parser)
    options.add_messages(parser)


def checkpoint_of(args: argparse.Namespace) -> Path:
    """The checkpoint beside the output; an old one goes away unless ``--resume`` asks for it."""
    checkpoint: Path = args.output.with_name(args.output.name + ".checkpoint")
    if not args.resume:
        checkpoint.unlink(missing_ok=True)
    return checkpoint


def residues(file: str) -> NDArray[np.uint8]:
    """A, C, G, T of a file as 0 … 3."""
    from acgz.cli.inputs import open_input
    from acgz.layout import split

    with open_input(file, unpack="always") as source:
        return split(source.stream.read()).residues


def show(args: argparse.Namespace, report: Report) -> None:
    """A line for each epoch; between them a line that is overwritten, on a terminal."""
    left = report.seconds / report.step * (report.steps - report.step)
    line = (
        f"step {report.step:,}/{report.steps:,}, {report.training_bits:.4f} bits/base, "
        f"{left / 60:.0f} min left"
    )
    if report.validation_bits is not None:
        messages.remark(args, f"{line}, held out: {report.validation_bits:.4f} bits/base")
    elif sys.stderr.isatty() and not args.quiet:
        print(f"\r{line}   ", end="", file=sys.stderr)
