"""The manual page, made of the parsers: ``python aot/manual.py FOLDER`` writes ``acgz.1`` there."""

from __future__ import annotations

import sys
from pathlib import Path

import sources  # noqa: F401
from argparse_manpage.manpage import Manpage

from acgz import __version__
from acgz.cli.commands import COMMANDS, EXAMPLES
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
    made = Manpage(whole_parser(), format="single-commands-section", _data=facts)
    shown = [*EXAMPLES, *(line for row in COMMANDS.values() for line in row.examples)]
    plain = "\n".join(shown).replace("\\", r"\\").replace("-", r"\-")
    made.add_section("examples", ">", f".nf\n{plain}\n.fi")
    return str(made)


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / PAGE).write_text(page())
