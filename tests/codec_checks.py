"""What the tests of several codecs do: make residues, and compress them there and back."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from acgz.codec import Codec, Coded, Job, decode, encode
from acgz.modes import Mode


def residues(count: int, seed: int = 1) -> NDArray[np.uint8]:
    """Bases without any order."""
    return np.random.default_rng(seed).integers(0, 4, count).astype(np.uint8)


def orderly(count: int, seed: int = 1) -> NDArray[np.uint8]:
    """Bases of which most follow from the one before."""
    moves = np.random.default_rng(seed).choice(4, count, p=[0.1, 0.6, 0.2, 0.1])
    return (np.cumsum(moves) % 4).astype(np.uint8)


def round_trip(
    codec: Codec, original: NDArray[np.uint8], settings: Mapping[str, Any]
) -> tuple[dict[str, Any], bytes]:
    """Parameters and payload; fails if the residues do not come back."""
    parameters, payload = encode(codec, original, settings, Job())
    restored = decode(codec, Coded(parameters, payload), original.size, Job())
    assert restored.dtype == np.uint8
    assert restored.tolist() == original.tolist()
    return dict(parameters), payload


def quick_settings(mode: Mode, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Mapping[str, Any]:
    """Settings with which a mode codes some hundred residues in milliseconds.

    A codec whose models are too large for that has a function ``quick_settings`` of the same
    arguments in a test module named after it: ``<codec>_models``. It may write models to
    ``folder``, and change for the time of a test what is no setting.
    """
    module = f"{mode.codec}_models"
    if importlib.util.find_spec(module) is None:
        return {}
    quick: Mapping[str, Any] = importlib.import_module(module).quick_settings(
        mode, folder, monkeypatch
    )
    return quick
