"""Hatch's hook for metadata: the README as a page of a package index shows it.

Links of the README lead to files beside it. On an index they lead to the project's ``Source``, if
pyproject.toml has that URL; without one they become plain words, and pictures go.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

_RELATIVE = r"\[([^\]]*)\]\((?!https?:|#)([^)\s]+)\)"


def page(readme: str, source: str | None) -> str:
    """The ``readme`` without links to files, or with links to these below ``source``."""
    if source is None:
        readme = re.sub(rf"^!{_RELATIVE}\n+", "", readme, flags=re.M)
        return re.sub(_RELATIVE, r"\1", readme)
    readme = re.sub(rf"!{_RELATIVE}", rf"![\1]({source}/raw/HEAD/\2)", readme)
    return re.sub(_RELATIVE, rf"[\1]({source}/blob/HEAD/\2)", readme)


class Readme(MetadataHookInterface):
    """Gives the package its long description."""

    PLUGIN_NAME = "custom"

    def update(self, metadata: dict[str, Any]) -> None:
        text = (Path(self.root) / "README.md").read_text()
        source = metadata.get("urls", {}).get("Source")
        metadata["readme"] = {"content-type": "text/markdown", "text": page(text, source)}
