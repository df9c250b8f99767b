"""``acgz train``: networks for the modes that need one; each system brings its own kind."""

from __future__ import annotations

from acgz.cli import options


def declare(parser: options.Parser) -> None:
    """``train``."""
    from acgz.nets.cli import trainers

    parser.description = "Trains a network. Its file goes to --model of the mode that it is for."
    kinds = parser.add_subparsers(metavar="NETWORK", required=True)
    for trainer in trainers():
        trainer.declare(kinds.add_parser(trainer.name, help=trainer.help))
