"""``acgz info``: what an archive is and how well it does."""

from __future__ import annotations

import argparse
import json
from typing import Any

from acgz.cli import messages, options


def subparser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "info",
        help="mode, sizes, bits per base",
        description="Says what archives hold, without decompressing their bases. Bits per base "
        "are those of the whole archive over A, C, G and T.",
    )
    options.add_files(parser, "archives")
    options.add_json(parser)
    options.add_memory_limit(parser)
    parser.set_defaults(main=main)


def main(args: argparse.Namespace) -> int:
    from dataclasses import asdict

    from acgz.cli.inputs import open_archive
    from acgz.cli.outputs import print_lines

    found: list[dict[str, Any]] = []

    def inform(file: str) -> None:
        with open_archive(file, memory_limit=args.memory_limit) as archive:
            info = archive.info
        facts = {"archive": file, **asdict(info), "bits_per_base": round(info.bits_per_base, 4)}
        found.append(facts)
        if not args.json:
            print_lines(_as_text(facts), *([""] if len(files) > 1 else []))

    files: list[str] = args.files or ["-"]
    code = messages.for_each(files, inform)
    if args.json:
        print_lines(json.dumps(found, indent=2))
    return code


_LINES = (
    ("archive", "archive", ""),
    ("files", "files", ""),
    ("mode", "mode", ""),
    ("records", "records", ""),
    ("blocks", "blocks", ""),
    ("bases", "bases", " A, C, G, T"),
    ("text_size", "original", " bytes"),
    ("size", "archive", " bytes"),
    ("residues_size", "  bases", " bytes"),
    ("layout_size", "  layout", " bytes"),
    ("bits_per_base", "bits/base", ""),
    ("models", "models", ""),
)


def _as_text(facts: dict[str, Any]) -> str:
    lines = []
    for key, label, unit in _LINES:
        value = facts[key]
        if isinstance(value, list | tuple):
            value = ", ".join(value) or "-"
        elif isinstance(value, int):
            value = f"{value:,}"
        lines.append(f"{label:10} {value or '-'}{unit}")
    return "\n".join(lines)
