"""Tiny recurrent networks for tests."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tiny as any_tiny
from numpy.typing import NDArray

from acgz.modes import Mode
from acgz.nets.deepzip.architecture import DeepZipArchitecture
from acgz.nets.deepzip.settings import DeepZipSettings


def tiny(
    network: str = "lstm", units: int = 4, m: int = 1, alphabet: int = 4
) -> DeepZipArchitecture:
    return DeepZipArchitecture(network, units, m, alphabet, dense=4)


def random_arrays(architecture: DeepZipArchitecture) -> dict[str, NDArray[np.float32]]:
    return {
        name: array.astype("float32") for name, array in any_tiny.arrays(architecture, 0.8).items()
    }


def tiny_model(folder: Path, architecture: DeepZipArchitecture) -> Path:
    """A network with random weights; the file."""
    d = architecture
    return any_tiny.model(folder, d, f"{d.network}-{d.units}-{d.m}-{d.alphabet}", 0.8)


def quick_settings(
    mode: Mode, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str | int]:
    """See `codec_checks.quick_settings`: a network of the mode's cell, its dense layer tiny."""
    chosen = DeepZipSettings.of({**mode.settings, "dense": 4}, "deepzip")
    return {"model": str(tiny_model(folder, chosen.architecture)), "dense": 4, "k": 8, "lanes": 3}
