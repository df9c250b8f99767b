"""Tiny GeneFormer networks for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import tiny

from acgz.modes import Mode
from acgz.nets.geneformer.architecture import GeneFormerArchitecture


def tiny_architecture(**sizes: Any) -> GeneFormerArchitecture:
    return GeneFormerArchitecture(**{"dimension": 8, "heads": 2, **sizes})


def tiny_model(folder: Path, name: str = "tiny", **sizes: Any) -> Path:
    """A network with a few random weights; the file."""
    return tiny.model(folder, tiny_architecture(**sizes), name)


def quick_settings(
    mode: Mode, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str | int]:
    """See `codec_checks.quick_settings`."""
    model = str(tiny_model(folder))
    return {"model": model, "group": 128} if mode.settings["grouped"] else {"model": model}
