"""``acgz train warm-start``: the static network of the deepgeco modes."""

from __future__ import annotations

import argparse
from pathlib import Path

from acgz.cli import background, messages, options
from acgz.nets.cli import add_common, checkpoint_of, residues, show

DESCRIPTION = """\
Trains the Warm-Start network of the deepgeco modes on FILES: FASTA or raw sequence, also
compressed. One piece of 32 kb in 64 is held out; its bits/base are printed after each epoch. The
state is kept beside the output after each epoch: --resume goes on from there. Needs PyTorch."""


def add_kinds(kinds: options.Commands[options.Parser]) -> None:
    warm = kinds.add_parser(
        "warm-start", help="the static network of deepgeco", description=DESCRIPTION
    )
    add_common(warm)
    warm.add_argument(
        "--network",
        choices=("gru", "bigru"),
        default="gru",
        help="causal GRU with a state, or the paper's BiGRU over a window (default: %(default)s)",
    )
    warm.add_argument(
        "--sk", default="3,3", metavar="S,K", help="(s,k)-mers (default: %(default)s)"
    )
    warm.add_argument("--plain", action="store_true", help="outputs for all 4**k tokens")
    warm.add_argument(
        "--hidden", type=options.count, help="units (default: gru 192, bigru 128, or --start's)"
    )
    warm.add_argument(
        "--start",
        type=Path,
        metavar="PATH",
        help="a network to begin with; a bigru can begin with a gru of as many units",
    )
    warm.add_argument("--steps", type=options.count, default=4000, help="default: %(default)s")
    warm.add_argument("--epochs", type=options.count, default=10, help="default: %(default)s")
    warm.add_argument(
        "--batch", type=options.count, help="streams (gru, default 128) or windows (bigru, 1024)"
    )
    warm.add_argument(
        "--learning-rate", type=options.number, default=3e-3, help="default: %(default)s"
    )
    warm.set_defaults(main=main)


def main(args: argparse.Namespace) -> int:
    from acgz.errors import UsageError
    from acgz.nets.exact import pytorch

    torch = pytorch.load()
    from acgz import models
    from acgz.nets.corpus import Corpus
    from acgz.nets.deepgeco.architecture import Description
    from acgz.nets.deepgeco.train import Batches, train_warm_start
    from acgz.nets.kmers import Grid
    from acgz.nets.training import Plan

    try:
        grid = Grid(*(int(number) for number in args.sk.split(",")))
    except (ValueError, TypeError) as error:
        raise UsageError(f"--sk {args.sk}: {error}") from error
    causal = args.network == "gru"
    start = models.read(args.start) if args.start else None
    usual = 192 if causal else 128
    if start is not None:
        usual = Description.from_json(start.description).hidden
    description = Description(
        network=args.network,
        s=grid.s,
        k=grid.k,
        plain=args.plain,
        hidden=args.hidden or usual,
    )
    corpus = Corpus.of([residues(file) for file in args.files])
    messages.remark(
        args, f"{corpus.training.size:,} bases to train on, {corpus.validation.size:,} held out"
    )
    checkpoint = checkpoint_of(args)
    plan = Plan(args.steps, args.epochs, args.learning_rate, seed=args.seed)
    batches = Batches(streams=args.batch or (128 if causal else 1024))

    def work() -> bytes:
        torch.set_num_threads(args.threads)  # it holds for the thread that calls it
        return train_warm_start(
            corpus,
            description,
            batches,
            plan,
            args.output,
            device=args.device or pytorch.best_device(torch),
            checkpoint=checkpoint,
            start=start,
            report=lambda report: show(args, report),
        )

    digest = background.run(work)
    checkpoint.unlink(missing_ok=True)
    messages.remark(args, f"{args.output}: {digest.hex()}")
    return 0
