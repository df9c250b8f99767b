"""``acgz train`` and other commands of network systems: what is in ``cli.py`` of their folders."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from importlib.util import find_spec

from acgz import nets
from acgz.cli import options


def add_commands(commands: options.Commands[options.Parser]) -> None:
    """Add ``train`` to the command line, and what systems bring beside their training.

    The module ``cli`` of a system has ``add_commands(commands, kinds)``; ``kinds`` are the
    networks that ``train`` knows.
    """
    parser = commands.add_parser("train", help="train a network (needs PyTorch)")
    kinds = parser.add_subparsers(metavar="NETWORK", required=True)
    for found in pkgutil.iter_modules(nets.__path__, "acgz.nets."):
        if found.ispkg and find_spec(f"{found.name}.cli"):
            import_module(f"{found.name}.cli").add_commands(commands, kinds)
