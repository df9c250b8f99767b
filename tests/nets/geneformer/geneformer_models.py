"""Tiny GeneFormer networks for tests, made without PyTorch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from acgz import models
from acgz.modes import Mode
from acgz.nets.exact.training import first_weights
from acgz.nets.geneformer.architecture import Description, shapes


def tiny_description(**sizes: Any) -> Description:
    return Description(**{"dimension": 8, "heads": 2, **sizes})


def tiny_arrays(description: Description) -> dict[str, Any]:
    """Random weights; float16, as in a file."""
    return {
        name: first_weights(shape, 0.5, seed=number).astype("float16")
        for number, (name, shape) in enumerate(shapes(description).items())
    }


def tiny_model(folder: Path, name: str = "tiny", **sizes: Any) -> Path:
    """A network with a few random weights; the file."""
    description = tiny_description(**sizes)
    path = folder / f"{name}.safetensors"
    models.write(path, description.to_json(), tiny_arrays(description))
    return path


def quick_settings(
    mode: Mode, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str | int]:
    """See `codec_checks.quick_settings`."""
    model = str(tiny_model(folder))
    return {"model": model, "group": 128} if mode.settings["grouped"] else {"model": model}
