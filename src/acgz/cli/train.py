"""``acgz train``: networks, each system its own kind, and dictionaries."""

from __future__ import annotations

from acgz.cli import options, train_dictionary


def declare(parser: options.Parser) -> None:
    """``train``."""
    from acgz.nets.cli import trainers

    parser.description = """\
Trains a network, whose file goes to --model of the mode that it is for, or to --prior; or makes a
dictionary, for --dictionary."""
    kinds = parser.add_subparsers(metavar="NETWORK", required=True)
    for trainer in trainers():
        trainer.declare(kinds.add_parser(trainer.name, help=trainer.help))
    train_dictionary.declare(kinds.add_parser(train_dictionary.NAME, help=train_dictionary.HELP))
