"""The tutorial and the cookbook: what is typed there works, and says what stands there.

Sizes and digests follow the engine. ``python tests/test_tutorial.py`` types everything and writes
into the pages what it says now.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from paths import DOCS, PHAGE

pytestmark = pytest.mark.slow

PAGES = ("tutorial.md", "cookbook.md")
BLOCK = re.compile(r"^```console\n(.*?)^```", re.M | re.S)


def typed(block: str) -> list[tuple[str, str]]:
    """Commands of a console block, and what stands below each."""
    parts = re.split(r"^\$ ", block, flags=re.M)[1:]
    return [(command, shown) for command, _, shown in (part.partition("\n") for part in parts)]


def without_foreign_figures(command: str, text: str) -> str:
    """What acgz says is the same everywhere; what gzip makes of a file is not."""
    return text if "acgz" in command else re.sub(r"\d[\d,.]*", "#", text)


class Shell:
    """Types commands in a folder with the phage, one after the other."""

    def __init__(self, place: Path) -> None:
        self._folder = place / "here"
        self._folder.mkdir()
        shutil.copy(PHAGE, self._folder)
        program = place / "bin" / "acgz"
        program.parent.mkdir()
        program.write_text(f'#!/bin/sh\nexec {sys.executable} -m acgz "$@"\n')
        program.chmod(0o755)
        path = f"{program.parent}:{os.environ['PATH']}"
        self._variables = {**os.environ, "PATH": path, "LC_ALL": "C"}

    def type(self, command: str) -> str:
        """Run a command; return what it says."""
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=self._folder,
            env=self._variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.stdout


@pytest.mark.parametrize("page", PAGES)
def test_the_page_says_what_happens(page: str, tmp_path: Path) -> None:
    """Where only figures are others: ``python tests/test_tutorial.py``."""
    commands = typed("".join(BLOCK.findall((DOCS / page).read_text())))
    assert len(commands) > 9
    shell = Shell(tmp_path)
    for command, shown in commands:
        said = without_foreign_figures(command, shell.type(command))
        assert said == without_foreign_figures(command, shown), command


def refreshed(text: str, shell: Shell) -> str:
    """A page with what is said now below each command."""

    def said(match: re.Match[str]) -> str:
        lines = []
        for command, shown in typed(match[1]):
            now = shell.type(command)
            same = without_foreign_figures(command, now) == without_foreign_figures(command, shown)
            lines.append(f"$ {command}\n{shown if same else now}")
        return f"```console\n{''.join(lines)}```"

    return BLOCK.sub(said, text)


if __name__ == "__main__":
    for name in PAGES:
        with TemporaryDirectory() as place:
            page = DOCS / name
            page.write_text(refreshed(page.read_text(), Shell(Path(place))))
