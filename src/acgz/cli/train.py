"""``acgz train``: networks for the modes that need one; a file per kind in `cli.training`."""

from __future__ import annotations

import argparse
from importlib import import_module

KINDS = (
    "acgz.nets.deepgeco.cli",
    "acgz.nets.geneformer.cli",
    "acgz.nets.deepzip.cli",
    "acgz.nets.seqcoder.cli",
)
"""Modules in the order of the help. Each has ``subparser(kinds)`` and ``main(args)``, like the
commands of `acgz.cli.main`."""


def subparser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("train", help="train a network (needs PyTorch)")
    kinds = parser.add_subparsers(metavar="NETWORK", required=True)
    for name in KINDS:
        import_module(name).subparser(kinds)
