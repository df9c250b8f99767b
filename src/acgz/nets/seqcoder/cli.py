"""``acgz train seqcoder``: the autoencoder of the mode seqcoder."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from acgz.cli import background, messages, options
from acgz.nets.cli import add_common, checkpoint_of, residues

if TYPE_CHECKING:
    from acgz.nets.training import Report

DESCRIPTION = """\
Trains the autoencoder of the mode seqcoder on FILES: FASTA or raw sequence, also compressed. One
piece of 32 kb in 64 is held out; after each epoch a line says what latents and mismatches of it
cost, in bits/base. The state is kept beside the output: --resume goes on from there. Needs
PyTorch."""


def add_kinds(kinds: options.Commands[options.Parser]) -> None:
    parser = kinds.add_parser(
        "seqcoder", help="the autoencoder of seqcoder", description=DESCRIPTION
    )
    add_common(parser)
    parser.add_argument(
        "--chunk", type=options.count, default=1280, help="K: bases of a chunk (default: 1280)"
    )
    parser.add_argument(
        "--widths",
        default="32,32",
        metavar="N,N",
        help="channels after each layer, which halves the length (default: 32,32: P = 4)",
    )
    parser.add_argument("--steps", type=options.count, default=1000, help="default: %(default)s")
    parser.add_argument("--epochs", type=options.count, default=10, help="default: %(default)s")
    parser.add_argument(
        "--batch", type=options.count, default=4, help="chunks of a step (default: %(default)s)"
    )
    parser.add_argument(
        "--learning-rate", type=options.number, default=5e-3, help="of NAdam (default: %(default)s)"
    )
    parser.set_defaults(main=main)


def main(args: argparse.Namespace) -> int:
    from acgz.errors import InputError, UsageError
    from acgz.nets.exact import pytorch

    torch = pytorch.load()
    from acgz.nets.corpus import Corpus
    from acgz.nets.seqcoder.architecture import Description
    from acgz.nets.seqcoder.train import train_seqcoder
    from acgz.nets.training import Plan

    try:
        widths = tuple(int(width) for width in args.widths.split(","))
        names = ", ".join(Path(file).name for file in args.files)
        description = Description(chunk=args.chunk, widths=widths, trained_on=names)
        description = Description.from_json(description.to_json())
    except (ValueError, InputError) as error:
        raise UsageError(f"train seqcoder: {error}") from error
    corpus = Corpus.of([residues(file) for file in args.files])
    messages.remark(
        args, f"{corpus.training.size:,} bases to train on, {corpus.validation.size:,} held out"
    )
    checkpoint = checkpoint_of(args)
    plan = Plan(args.steps, args.epochs, args.learning_rate, optimizer="NAdam", seed=args.seed)

    def work() -> bytes:
        torch.set_num_threads(args.threads)  # it holds for the thread that calls it
        return train_seqcoder(
            corpus,
            description,
            plan,
            args.output,
            batch=args.batch,
            device=args.device or pytorch.best_device(torch),
            checkpoint=checkpoint,
            report=lambda report: _show(args, report),
        )

    digest = background.run(work)
    checkpoint.unlink(missing_ok=True)
    messages.remark(args, f"{args.output}: {digest.hex()}")
    return 0


def _show(args: argparse.Namespace, report: Report) -> None:
    """As `acgz.nets.cli.show`, but the loss is no bits/base."""
    line = f"step {report.step:,}/{report.steps:,}, squared error {report.training_bits:.5f}"
    if report.validation_bits is not None:
        messages.remark(args, f"{line}, held out: {report.validation_bits:.4f} bits/base")
    elif sys.stderr.isatty() and not args.quiet:
        print(f"\r{line}   ", end="", file=sys.stderr)
