"""Tiny recurrent networks for tests, made without PyTorch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from acgz import models
from acgz.modes import Mode
from acgz.nets.deepzip.architecture import Description
from acgz.nets.deepzip.settings import DeepZipSettings
from acgz.nets.exact.training import first_weights


def tiny(network: str = "lstm", units: int = 4, m: int = 1, alphabet: int = 4) -> Description:
    return Description(network, units, m, alphabet, dense=4)


def random_arrays(description: Description, largest: float = 0.8) -> dict[str, NDArray[np.float32]]:
    return {
        name: first_weights(shape, largest, seed=number)
        for number, (name, shape) in enumerate(description.shapes().items())
    }


def tiny_model(folder: Path, description: Description) -> Path:
    """A network with random weights; the file."""
    d = description
    path = folder / f"{d.network}-{d.units}-{d.m}-{d.alphabet}.safetensors"
    arrays = {name: array.astype("float16") for name, array in random_arrays(d).items()}
    models.write(path, d.to_json(), arrays)
    return path


def quick_settings(
    mode: Mode, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str | int]:
    """See `codec_checks.quick_settings`: a network of the mode's cell, its dense layer tiny."""
    chosen = DeepZipSettings.of({**mode.settings, "dense": 4}, "deepzip")
    return {"model": str(tiny_model(folder, chosen.description)), "dense": 4, "k": 8, "lanes": 3}
