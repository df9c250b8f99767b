"""One model file: safetensors with the architecture of the network as JSON, named by SHA-256."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acgz.errors import InputError

_KEY = "acgz"
"""The entry of the safetensors metadata that holds the architecture."""

MOST_BYTES = 1 << 30
"""A model is a few MB; a file above this is none."""


@dataclass(frozen=True)
class Model:
    """The content of a model file."""

    architecture: Mapping[str, Any]
    """What the file says about its network; see `acgz.nets.architecture`."""
    arrays: Mapping[str, NDArray[Any]]
    digest: bytes
    """SHA-256 of the file."""


def read(path: Path) -> Model:
    """Read a model file. InputError if it cannot be read or is no model of acgz."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        if path.stat().st_size > MOST_BYTES:
            raise InputError(f"{path}: too large for a model")
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from error
    try:
        header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
        architecture = json.loads(header["__metadata__"][_KEY])
        arrays = load(data)
        if not isinstance(architecture, dict):
            raise TypeError("not an architecture")
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path}: not a model of acgz") from error
    return Model(architecture, arrays, hashlib.sha256(data).digest())


def write(path: Path, architecture: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Write a model file; return its SHA-256. Equal arrays give equal files."""
    from safetensors.numpy import save

    contiguous = {name: np.ascontiguousarray(array) for name, array in sorted(arrays.items())}
    data = save(contiguous, metadata={_KEY: json.dumps(dict(architecture), sort_keys=True)})
    part = path.with_name(path.name + ".part")
    part.write_bytes(data)
    part.replace(path)
    return hashlib.sha256(data).digest()


def digest_of(path: Path) -> bytes:
    """SHA-256 of a file."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").digest()
