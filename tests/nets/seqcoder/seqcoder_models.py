"""Tiny autoencoders for tests, made without PyTorch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from acgz import models
from acgz.modes import Mode
from acgz.nets.exact.training import first_weights
from acgz.nets.seqcoder.architecture import Description
from acgz.nets.seqcoder.network import shapes


def random_arrays(description: Description) -> dict[str, NDArray[np.float16]]:
    return {
        name: first_weights(shape, 0.6, seed=number).astype(np.float16)
        for number, (name, shape) in enumerate(shapes(description).items())
    }


def tiny_model(folder: Path, **sizes: Any) -> Path:
    """A network with random weights, which guesses about as well as chance; the file."""
    description = Description(**{"chunk": 64, "widths": (6, 8), "keys": 4, **sizes})
    path = folder / f"tiny-{description.chunk}.safetensors"
    models.write(path, description.to_json(), random_arrays(description))
    return path


def quick_settings(
    mode: Mode, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str | int]:
    """See `codec_checks.quick_settings`."""
    return {"model": str(tiny_model(folder))}
