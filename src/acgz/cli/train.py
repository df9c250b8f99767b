"""``acgz train``: what is in ``cli.py`` of the folders of network systems."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from importlib.util import find_spec

from acgz import nets
from acgz.cli import options


def declare(parser: options.Parser) -> None:
    """``train``: the module ``cli`` of a system has ``add_kinds(kinds)``, which adds networks."""
    kinds = parser.add_subparsers(metavar="NETWORK", required=True)
    for found in pkgutil.iter_modules(nets.__path__, "acgz.nets."):
        if found.ispkg and find_spec(f"{found.name}.cli"):
            import_module(f"{found.name}.cli").add_kinds(kinds)
