"""``acgz ls``: the records of an archive."""

from __future__ import annotations

import argparse
import json
from typing import Any

from acgz.cli import messages, options


def subparser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "ls",
        help="list the records",
        description="Lists the records of archives, without decompressing their bases: name, "
        "length in letters, number of the (first) block it is in, and in archives of several "
        "files the file; with tabs in between.",
    )
    options.add_files(parser, "archives")
    options.add_json(parser)
    options.add_memory_limit(parser)
    parser.set_defaults(main=main)


def main(args: argparse.Namespace) -> int:
    from acgz.cli.inputs import open_archive
    from acgz.cli.outputs import print_lines

    found: list[dict[str, Any]] = []

    def show(file: str) -> None:
        with open_archive(file, memory_limit=args.memory_limit) as archive:
            records = [
                {
                    "archive": file,
                    "file": record.file,
                    "name": record.name,
                    "length": record.length,
                    "block": record.places[0].block,
                }
                for record in archive
            ]
        found.extend(records)
        if not args.json:
            print_lines(*map(_as_line, records))

    code = messages.for_each(args.files or ["-"], show)
    if args.json:
        print_lines(json.dumps(found, indent=2))
    return code


def _as_line(record: dict[str, Any]) -> str:
    columns = [record["name"], str(record["length"]), str(record["block"])]
    return "\t".join([*columns, record["file"]] if record["file"] else columns)
