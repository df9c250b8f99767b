"""``acgz train deepzip``: networks of the deepzip modes."""

from __future__ import annotations

import argparse

from acgz.cli import background, messages, options
from acgz.nets.cli import add_common, checkpoint_of, residues, show

DESCRIPTION = """\
Trains a network of the deepzip modes on FILES: FASTA or raw sequence, also compressed. It goes to
--model of the mode of the same network. One piece of 32 kb in 64 is held out; its bits/base are
printed after each epoch. The state is kept beside the output after each epoch: --resume goes on
from there. (--fit of acgz compress trains on the very input instead.) Needs PyTorch."""


def add_kinds(kinds: options.Commands[options.Parser]) -> None:
    parser = kinds.add_parser(
        "deepzip", help="the recurrent networks of deepzip", description=DESCRIPTION
    )
    add_common(parser)
    parser.add_argument(
        "--network",
        choices=("rnn", "lstm", "gru", "birnn", "bilstm", "bigru"),
        default="lstm",
        help="default: %(default)s",
    )
    for name, default, what in (
        ("units", 32, "of a recurrent layer"),
        ("m", 1, "bases that are predicted at once: 1, 2 or 4"),
        ("alphabet", 4, "4, or 5 with N"),
        ("k", 32, "bases of a window (two layers)"),
        ("dense", 64, "units of the dense layer"),
        ("steps", 4000, "of training"),
        ("epochs", 10, "validations"),
    ):
        parser.add_argument(
            f"--{name}",
            type=options.count,
            default=default,
            metavar="N",
            help=f"{what} (default: %(default)s)",
        )
    parser.add_argument(
        "--batch",
        type=options.count,
        metavar="N",
        help="stretches of a step (default 64), or windows (two layers, default 1024)",
    )
    parser.add_argument(
        "--learning-rate", type=options.number, default=5e-3, help="default: %(default)s"
    )
    parser.set_defaults(main=main)


def main(args: argparse.Namespace) -> int:
    from acgz.errors import UsageError
    from acgz.nets.exact import pytorch

    torch = pytorch.load()
    from acgz.nets.corpus import Corpus
    from acgz.nets.deepzip.architecture import Description
    from acgz.nets.deepzip.train import train_deepzip
    from acgz.nets.training import Plan

    description = Description(args.network, args.units, args.m, args.alphabet, args.dense)
    try:
        description.check()
    except ValueError as error:
        raise UsageError(f"deepzip: {error}") from error
    corpus = Corpus.of([residues(file) for file in args.files])
    messages.remark(
        args, f"{corpus.training.size:,} bases to train on, {corpus.validation.size:,} held out"
    )
    checkpoint = checkpoint_of(args)
    plan = Plan(args.steps, args.epochs, args.learning_rate, seed=args.seed)

    def work() -> bytes:
        torch.set_num_threads(args.threads)  # it holds for the thread that calls it
        return train_deepzip(
            corpus,
            description,
            args.k,
            args.batch or (1024 if description.bidirectional else 64),
            plan,
            args.output,
            device=args.device or pytorch.best_device(torch),
            checkpoint=checkpoint,
            report=lambda report: show(args, report),
        )

    digest = background.run(work)
    checkpoint.unlink(missing_ok=True)
    messages.remark(args, f"{args.output}: {digest.hex()}")
    return 0
