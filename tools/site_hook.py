"""A hook of MkDocs: pages beside ``docs`` join the site, and links lead to where things are there.

Links in the sources are for readers of the files: ``../SECURITY.md`` is right there. Links to
sources of the program become plain words, since the site does not hold these.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File

ROOT = Path(__file__).parent.parent
BESIDE = ("CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")
"""Pages of the project's own folder."""

_LINK = re.compile(r"\[([^\]]+)\]\((?!https?:|#)([^)#\s]+)(#[^)]*)?\)")


def on_files(files: Any, config: Any) -> Any:
    """Add the pages that lie beside ``docs``."""
    for name in BESIDE:
        files.append(File.generated(config, name, content=(ROOT / name).read_text()))
    return files


def on_page_markdown(markdown: str, page: Any, files: Any, **_: Any) -> str:
    """The page with links that hold within the site."""
    name = page.file.src_uri
    folder = posixpath.dirname(name if name in BESIDE else f"docs/{name}")

    def led(match: re.Match[str]) -> str:
        text, target, place = match.groups()
        path = posixpath.normpath(posixpath.join(folder, target))
        inside = path.removeprefix("docs/")
        if path not in BESIDE and not path.startswith("docs/"):
            return text
        if not files.get_file_from_path(inside):
            return text  # a folder
        link = posixpath.relpath(inside, posixpath.dirname(name) or ".")
        return f"[{text}]({link}{place or ''})"

    return "\n".join(_without_references(line) for line in _LINK.sub(led, markdown).split("\n"))


def _without_references(line: str) -> str:
    """The line of a page, in which ``x[i][j]`` stands for itself and not for a link."""
    if line.startswith("    "):
        return line
    outside = line.split("`")
    outside[::2] = [part.replace("][", r"]\[") for part in outside[::2]]
    return "`".join(outside)
