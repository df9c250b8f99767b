"""The manual page, made of the parsers: ``python aot/manual.py FOLDER`` writes ``acgz.1`` there."""

from __future__ import annotations

import sys
from pathlib import Path

import sources  # noqa: F401
from argparse_manpage.manpage import Manpage

from acgz import __version__
from acgz.cli import options
from acgz.cli.main import whole_parser

PAGE = "acgz.1"


def page() -> str:
    """The page as man reads it."""
    facts = {
        "project_name": "acgz",
        "version": __version__,
        "manual_title": "User Commands",
        "description": "lossless compressor for genome sequences",
    }
    parser = whole_parser()
    made = Manpage(parser, format="single-commands-section", _data=facts)
    each = list(options.parsers(parser))
    examples = dict.fromkeys(line for one in each for line in one.examples)
    made.add_section("examples", ">", _as_it_stands("\n".join(examples)))
    text = str(made)
    for one in each[1:]:
        usage = one.format_usage().strip("\n")
        text = text.replace(f"\n{_escaped(usage)}\n", f"\n{_as_it_stands(usage)}\n")
    return text


def _as_it_stands(text: str) -> str:
    """Lines that man does not fill."""
    return f".nf\n{_escaped(text)}\n.fi"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("-", r"\-")


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / PAGE).write_text(page())
