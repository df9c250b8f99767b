"""The tutorial and the cookbook: what is typed there works, and says what stands there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from paths import DOCS, PHAGE

pytestmark = pytest.mark.slow


def typed(page: Path) -> list[tuple[str, str]]:
    """Commands of the console blocks of a page, and what stands below each."""
    blocks = re.findall(r"^```console\n(.*?)^```", page.read_text(), re.M | re.S)
    parts = re.split(r"^\$ ", "".join(blocks), flags=re.M)[1:]
    return [(command, shown) for command, _, shown in (part.partition("\n") for part in parts)]


def without_figures(text: str) -> str:
    """Sizes and digests follow the engine; that they are there does not."""
    return re.sub(r"\b[0-9a-f]{16}\b|\d[\d,.]*", "#", text)


@pytest.mark.parametrize("page", ["tutorial.md", "cookbook.md"])
def test_the_page_says_what_happens(page: str, tmp_path: Path) -> None:
    commands = typed(DOCS / page)
    assert len(commands) > 9
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "acgz"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m acgz "$@"\n')
    program.chmod(0o755)
    folder = tmp_path / "here"
    folder.mkdir()
    shutil.copy(PHAGE, folder)
    variables = {**os.environ, "PATH": f"{program.parent}:{os.environ['PATH']}", "LC_ALL": "C"}
    for command, shown in commands:
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=folder,
            env=variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert without_figures(done.stdout) == without_figures(shown), command
