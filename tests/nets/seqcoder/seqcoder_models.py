"""Tiny autoencoders for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import tiny

from acgz.modes import Mode
from acgz.nets.seqcoder.architecture import SeqCoderArchitecture


def random_arrays(architecture: SeqCoderArchitecture) -> dict[str, Any]:
    return tiny.arrays(architecture, 0.6)


def tiny_model(folder: Path, **sizes: Any) -> Path:
    """A network with random weights, which guesses about as well as chance; the file."""
    architecture = SeqCoderArchitecture(**{"chunk": 64, "widths": "6,8", "keys": 4, **sizes})
    return tiny.model(folder, architecture, f"tiny-{architecture.chunk}", 0.6)


def quick_settings(
    mode: Mode, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str | int]:
    """See `codec_checks.quick_settings`."""
    return {"model": str(tiny_model(folder))}
