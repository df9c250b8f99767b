"""Where models lie, and how an archive's digest finds its model.

The package brings some. ``ACGZ_MODELS`` names further folders and files, separated like
those of ``PATH``.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import lru_cache, wraps
from pathlib import Path
from typing import TypeVar

from acgz.errors import InputError, MissingModelError
from acgz.models.weights import Model, digest_of, read

VARIABLE = "ACGZ_MODELS"
SUFFIX = ".safetensors"


T = TypeVar("T")


def while_unchanged(most: int) -> Callable[[Callable[[Path], T]], Callable[[Path], T]]:
    """Decorator of what is made of a file: remembered as long as the file does not change.

    The results of at most so many files are kept.
    """

    def decorator(function: Callable[[Path], T]) -> Callable[[Path], T]:
        @lru_cache(maxsize=most)
        def of_state(path: Path, size: int, changed: int) -> T:
            return function(path)

        @wraps(function)
        def of_file(path: Path) -> T:
            status = path.stat()
            return of_state(path, status.st_size, status.st_mtime_ns)

        return of_file

    return decorator


PACKAGE = Path(__file__).parents[1] / "nets"
"""Models of the package lie in the folders of their systems, priors of the engine in this one."""


def folders() -> list[Path]:
    """Where models are looked for: the package's folders, then those of ``ACGZ_MODELS``."""
    own = os.environ.get(VARIABLE, "").split(os.pathsep)
    return [
        Path(__file__).parent,
        *sorted(path for path in PACKAGE.iterdir() if path.is_dir()),
        *map(Path, filter(None, own)),
    ]


def shipped(prefix: str) -> dict[str, Path]:
    """The files in this folder whose names begin so, by the rest of their names."""
    files = sorted(Path(__file__).parent.glob(f"{prefix}*{SUFFIX}"))
    return {path.stem.removeprefix(prefix): path for path in files}


def packaged(name: str) -> Path:
    """The file of a model that comes with the package; MissingModelError if there is none."""
    for path in PACKAGE.glob(f"*/{name}{SUFFIX}"):
        return path
    raise MissingModelError(f"this installation of acgz has no model {name!r}")


_remembered: list[Path] = []


def remember(path: Path) -> None:
    """Look for models in this file or folder too, as long as this process lives."""
    if path not in _remembered:
        _remembered.append(path)


def find(digest: bytes) -> Model:
    """The model of that SHA-256; MissingModelError if there is none."""
    path = locate(digest)
    model = read(path)
    if model.digest != digest:  # it has just been replaced
        raise MissingModelError(f"{path} is not the model {digest.hex()} any more")
    return model


def named(digest: object) -> bytes:
    """What a block has stored as the digest of a model, or its beginning; InputError if it cannot
    be one."""
    if isinstance(digest, bytes) and digest:
        return digest
    raise InputError("a model is not named by its digest")


def locate(digest: bytes) -> Path:
    """The file of the model of that SHA-256, or of its beginning; MissingModelError if there is
    none. What a wrong model of a digest cut short decodes, the archive's own digest refuses."""
    for path in _files():
        if _digest(path).startswith(digest):
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


_digest = while_unchanged(256)(digest_of)
