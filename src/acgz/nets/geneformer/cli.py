"""``acgz train geneformer``: networks of the geneformer modes."""

from __future__ import annotations

import argparse

from acgz.cli import background, messages, options
from acgz.nets.cli import add_common, checkpoint_of, show

DESCRIPTION = """\
Trains a GeneFormer network on the records of FILES (FASTA, also compressed). Each file is a data
set: of ten records in turn seven are trained on, two choose the best network, one is left for a
test (acgz bench --suite geneformer). Several files are a hybrid training: every batch has its
share of each. Bits/base of the validation are printed after each epoch; the output is the network
that was best so far. The state is kept beside it: --resume goes on from there. Needs PyTorch."""


def add_kinds(kinds: options.Commands[options.Parser]) -> None:
    parser = kinds.add_parser(
        "geneformer", help="the transformer encoder of geneformer", description=DESCRIPTION
    )
    add_common(parser)
    network = parser.add_argument_group("network (defaults: those of the paper)")
    network.add_argument("--dimension", type=options.count, default=768, help="default: 768")
    network.add_argument("--heads", type=options.count, help="default: one for 64 dimensions")
    network.add_argument(
        "--no-latent", action="store_true", help="remember the features, not what the encoder made"
    )
    network.add_argument(
        "--segments",
        type=int,
        default=1,
        metavar="N",
        help="fragments that are remembered (default: 1, the paper's cut; 0: none)",
    )
    training = parser.add_argument_group("training")
    training.add_argument("--steps", type=options.count, default=20000, help="default: 20000")
    training.add_argument("--epochs", type=options.count, default=20, help="default: 20")
    training.add_argument(
        "--batch", type=options.count, default=64, help="lanes of each file (default: 64)"
    )
    training.add_argument(
        "--unroll", type=options.count, default=1, help="bases of a lane per step (default: 1)"
    )
    training.add_argument(
        "--learning-rate", type=options.number, help="of RMSProp (default: 0.001, hybrid 0.002)"
    )
    training.add_argument(
        "--falling", action="store_true", help="let the rate fall along a cosine (default: fixed)"
    )
    training.add_argument("--dropout", type=float, default=0.1, help="default: 0.1")
    parser.set_defaults(main=main)


def main(args: argparse.Namespace) -> int:
    from acgz.errors import UsageError
    from acgz.nets.exact import pytorch

    torch = pytorch.load()
    from acgz.cli.inputs import open_input
    from acgz.nets.geneformer.architecture import Description
    from acgz.nets.geneformer.train import Batches, train_geneformer
    from acgz.nets.genomes import DataSet, residues_of_records
    from acgz.nets.training import Plan

    heads = args.heads or max(1, args.dimension // 64)
    try:
        description = Description(
            args.dimension,
            heads,
            latent=not args.no_latent,
            segments=args.segments,
            data=", ".join(args.files),
        )
        description.check()
        if not 0 <= args.dropout < 1:
            raise ValueError("dropout is from 0 to below 1")
    except ValueError as error:
        raise UsageError(f"train geneformer: {error}") from error
    data = []
    for file in args.files:
        with open_input(file, unpack="always") as source:
            data.append(DataSet.of(residues_of_records(source.stream.read())))
        messages.remark(args, f"{file}: {data[-1].training.size:,} bases to train on")
    checkpoint = checkpoint_of(args)
    rate = args.learning_rate or (0.001 if len(data) == 1 else 0.002)
    plan = Plan(
        args.steps,
        args.epochs,
        rate,
        constant=not args.falling,
        optimizer="RMSprop",
        seed=args.seed,
    )

    def work() -> bytes:
        torch.set_num_threads(args.threads)  # it holds for the thread that calls it
        return train_geneformer(
            data,
            description,
            Batches(lanes=args.batch, steps=args.unroll),
            plan,
            args.output,
            dropout=args.dropout,
            device=args.device or pytorch.best_device(torch),
            checkpoint=checkpoint,
            report=lambda report: show(args, report),
        )

    digest = background.run(work)
    checkpoint.unlink(missing_ok=True)
    messages.remark(args, f"{args.output}: {digest.hex()}")
    return 0
