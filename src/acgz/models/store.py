"""Where models lie, and how an archive's digest finds its model.

The package brings some. ``ACGZ_MODELS`` names further folders and files, separated like
those of ``PATH``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from acgz.errors import MissingModelError
from acgz.models.weights import Weights, digest_of, read

VARIABLE = "ACGZ_MODELS"
SUFFIX = ".safetensors"


def folders() -> list[Path]:
    """The package's folder of models, then those of ``ACGZ_MODELS``."""
    own = os.environ.get(VARIABLE, "")
    return [Path(__file__).parent, *(Path(part) for part in own.split(os.pathsep) if part)]


def default_model(name: str) -> Path:
    """The file of a model that comes with the package; MissingModelError if it is absent."""
    path = Path(__file__).parent / (name + SUFFIX)
    if not path.is_file():
        raise MissingModelError(f"this installation of acgz lacks its model {name!r}")
    return path


_remembered: list[Path] = []


def remember(path: Path) -> None:
    """Look for models in this file or folder too, as long as this process lives."""
    if path not in _remembered:
        _remembered.append(path)


def find(digest: bytes) -> Weights:
    """The model of that SHA-256; MissingModelError if there is none."""
    return read(locate(digest))


def locate(digest: bytes) -> Path:
    """The file of the model of that SHA-256; MissingModelError if there is none."""
    for path in _files():
        status = path.stat()
        if _digest(path, status.st_size, status.st_mtime_ns) == digest:
            return path
    raise MissingModelError(
        f"the archive needs the model {digest.hex()}, which is not installed; put its file, or "
        f"the folder it is in, into the environment variable {VARIABLE}"
    )


def _files() -> Iterator[Path]:
    for place in [*folders(), *_remembered]:
        if place.is_dir():
            yield from sorted(place.glob("*" + SUFFIX))
        elif place.is_file():
            yield place


@lru_cache(maxsize=256)
def _digest(path: Path, size: int, changed: int) -> bytes:
    """`digest_of`, remembered as long as the file does not change."""
    return digest_of(path)
