"""``acgz info``, ``ls`` and ``modes``: what an archive holds, and what there is to choose from."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from acgz.cli import messages, options
from acgz.cli.messages import shown
from acgz.errors import UsageError
from acgz.remote.address import masked

if TYPE_CHECKING:
    from acgz.archive import Archive
    from acgz.modes import Mode


def declare_info(parser: options.Parser) -> None:
    """``info``."""
    parser.description = (
        "Says what archives hold, without decompressing their bases. Bits per base are those of "
        "the whole archive over A, C, G and T."
    )
    _add_looking(parser)
    parser.set_defaults(main=info)


def declare_ls(parser: options.Parser) -> None:
    """``ls``."""
    parser.description = (
        "Lists the records of archives, without decompressing their bases: name, length in "
        "letters, number of the (first) block it is in, and in archives of several files the "
        "file; with tabs in between. With --files, what the archives restore: name, bytes, "
        "records, first 16 bytes of the SHA-256."
    )
    _add_looking(parser)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--files", action="store_true", dest="of_files", help="list the files")
    what.add_argument(
        "--fai",
        action="store_true",
        help="write the index that samtools faidx makes of the original, an archive's only file",
    )
    parser.set_defaults(main=ls)


def declare_modes(parser: options.Parser) -> None:
    """``modes``."""
    parser.description = (
        "Lists the modes: name, class of speed, what it is. With MODE, also whether a model has to "
        "be installed or is trained on the input (needs PyTorch), where it is described, and its "
        "settings. Decompression never asks for a mode."
    )
    parser.add_argument("mode", nargs="?", metavar="MODE", help="list the settings of this mode")
    options.add_json(parser)
    parser.set_defaults(main=modes)


def _add_looking(parser: argparse.ArgumentParser) -> None:
    options.add_files(parser, "archives")
    options.add_json(parser)
    options.add_memory_limit(parser)


def info(args: argparse.Namespace) -> int:
    from dataclasses import asdict

    from acgz.cli.inputs import open_archive
    from acgz.cli.outputs import print_lines

    everything: list[dict[str, Any]] = []

    def look(file: str) -> None:
        with open_archive(file, memory_limit=args.memory_limit) as archive:
            found = archive.info
        facts = {
            "archive": masked(file),
            **asdict(found),
            "bits_per_base": round(found.bits_per_base, 4),
        }
        everything.append(facts)
        if not args.json:
            print_lines(*_as_text(facts), *([""] if len(args.files) > 1 else []))

    code = messages.for_each(args.files or ["-"], look)
    if args.json:
        print_lines(json.dumps(everything, indent=2))
    return code


def ls(args: argparse.Namespace) -> int:
    from acgz.cli.inputs import open_archive
    from acgz.cli.outputs import print_lines

    if args.fai and args.json:
        raise UsageError("an index of faidx is no JSON")
    rows = _files if args.of_files else _records
    between = "["

    def look(file: str) -> None:
        nonlocal between
        with open_archive(file, memory_limit=args.memory_limit) as archive:
            if args.fai:
                _print_fai(archive)
                return
            for some in rows(archive):
                if not args.json:
                    print_lines(*(row.line for row in some))
                    continue
                lines = [json.dumps({"archive": masked(file), **row._asdict()}) for row in some]
                print_lines(between + lines[0], *("," + line for line in lines[1:]))
                between = ","

    code = messages.for_each(args.files or ["-"], look)
    if args.json:
        print_lines("[]" if between == "[" else "]")
    return code


def _print_fai(archive: Archive) -> None:
    from acgz.cli.outputs import print_lines
    from acgz.fai import fai

    if len(archive.contents.names) > 1:
        raise UsageError("faidx indexes one file, and this archive has several: decompress one")
    lines = (line.decode("utf-8", "surrogateescape") for line in fai(archive.contents))
    while some := list(islice(lines, 4096)):
        print_lines(*some)


class _Record(NamedTuple):
    """What is said of a record."""

    file: str | None
    name: str
    length: int
    block: int

    @property
    def line(self) -> str:
        line = f"{shown(self.name)}\t{self.length}\t{self.block}"
        return line if self.file is None else f"{line}\t{shown(self.file)}"


class _File(NamedTuple):
    """What is said of a file."""

    file: str | None
    size: int
    records: int
    digest: str

    @property
    def line(self) -> str:
        name = "-" if self.file is None else shown(self.file)
        return f"{name}\t{self.size}\t{self.records}\t{self.digest}"


def _records(archive: Archive) -> Iterator[list[_Record]]:
    """All records, some thousands at once: an archive may have millions."""
    files = archive.contents.names
    for listed in archive.contents.listing():
        columns = (column.tolist() for column in (listed.files, listed.lengths, listed.blocks))
        yield [
            _Record(files[file], name.decode("utf-8", "surrogateescape"), length, block)
            for name, file, length, block in zip(listed.names, *columns, strict=True)
        ]


def _files(archive: Archive) -> Iterator[list[_File]]:
    rows = archive.contents.index.files
    yield [_File(row.name, row.text_size, row.records, row.digest.hex()) for row in rows]


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
    ("references", "reference", ""),
)


def _as_text(facts: dict[str, Any]) -> list[str]:
    lines = []
    for key, label, unit in _LINES:
        value = facts[key]
        if key == "references" and not value:
            continue
        if isinstance(value, list | tuple):
            value = ", ".join(map(str, value)) or "-"
        elif isinstance(value, int):
            value = f"{value:,}"
        lines.append(shown(f"{label:10} {value or '-'}{unit}"))
    return lines


def modes(args: argparse.Namespace) -> int:
    from acgz.cli.outputs import print_lines
    from acgz.modes import MODES, get_mode

    if args.mode is None:
        rows = [_mode_facts(mode) for mode in MODES.values()]
    else:
        rows = _setting_facts(get_mode(args.mode))
    if args.json:
        print_lines(json.dumps(rows, indent=2))
    elif args.mode is None:
        print_lines(*map(_mode_row, rows))
    else:
        print_lines(_mode_line(_mode_facts(get_mode(args.mode))), *map(_setting_line, rows))
    return 0


def _mode_facts(mode: Mode) -> dict[str, Any]:
    return {
        "name": mode.name,
        "speed": mode.speed,
        "needs_model": mode.needs_model,
        "fits": mode.fits,
        "summary": mode.summary,
        "source": mode.source,
    }


_MODEL = {
    (False, False): "no model",
    (True, False): "needs a model",
    (False, True): "fits its own",
    (True, True): "has or fits it",
}
"""Needs an installed model, trains one on the input -> what the list says."""


def _mode_line(mode: dict[str, Any]) -> str:
    """All about a mode but its settings."""
    model = _MODEL[mode["needs_model"], mode["fits"]]
    return f"{mode['name']}: {mode['summary']}; {mode['speed']}, {model} [{mode['source']}]"


def _mode_row(mode: dict[str, Any]) -> str:
    """A line that fits into 80 columns."""
    return f"{mode['name']:18} {mode['speed']:9} {mode['summary']}"


def _setting_facts(mode: Mode) -> list[dict[str, Any]]:
    from acgz.modes import get_codec

    return [
        {
            "name": declared.name,
            "values": declared.values,
            "default": mode.settings.get(declared.name, declared.default),
            "stored": declared.stored,
            "flag": declared.flag or None,
            "what": declared.what,
        }
        for declared in get_codec(mode.codec).settings.declarations().values()
    ]


def _setting_line(setting: dict[str, Any]) -> str:
    default = setting["default"]
    known = "the mode decides" if default is None else json.dumps(default).strip('"')
    flag = setting["flag"] or f"--set {setting['name']}=…"
    return (
        f"{flag:24} {setting['what']}: {setting['values']} (default: {known}; "
        f"{'stored in the archive' if setting['stored'] != 'never' else 'not stored'})"
    )
