"""Networks with random weights for tests, made without PyTorch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from acgz.nets.architecture import Architecture
from acgz.nets.exact.first_weights import first_weights


def arrays(architecture: Architecture, largest: float = 0.5) -> dict[str, Any]:
    """Evenly distributed up to ``largest``; float16, as in a file."""
    return {
        name: first_weights(shape, largest, seed=number).astype("float16")
        for number, (name, shape) in enumerate(architecture.shapes().items())
    }


def model(
    folder: Path, architecture: Architecture, name: str = "tiny", largest: float = 0.5
) -> Path:
    """The file of such a network."""
    path = folder / f"{name}.safetensors"
    architecture.write(path, arrays(architecture, largest))
    return path
