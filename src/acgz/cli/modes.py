"""``acgz modes``: what ``-m`` may be."""

from __future__ import annotations

import argparse
import json

from acgz.cli import options


def subparser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "modes",
        help="list the modes of compression",
        description="Lists the modes: name, class of speed, whether a model has to be installed or "
        "is trained on the input (needs PyTorch), what it is, and where it is described. "
        "Decompression never asks for a mode.",
    )
    options.add_json(parser)
    parser.set_defaults(main=main)


def main(args: argparse.Namespace) -> int:
    from acgz.cli.outputs import print_lines
    from acgz.modes import MODES

    if args.json:
        modes = [
            {
                "name": mode.name,
                "speed": mode.speed,
                "needs_model": mode.needs_model,
                "fits": mode.fits,
                "summary": mode.summary,
                "source": mode.source,
            }
            for mode in MODES.values()
        ]
        print_lines(json.dumps(modes, indent=2))
        return 0
    for mode in MODES.values():
        model = "needs a model" if mode.needs_model else "fits its own" if mode.fits else "no model"
        line = f"{mode.name:18} {mode.speed:10} {model:14} {mode.summary} [{mode.source}]"
        print_lines(line)
    return 0
