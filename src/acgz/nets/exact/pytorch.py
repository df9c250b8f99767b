"""PyTorch, or a clear error where it is absent."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from acgz.errors import MissingDependencyError


def load() -> Any:
    """The module ``torch``; MissingDependencyError if it is not installed."""
    try:
        return import_module("torch")
    except ImportError as error:
        raise MissingDependencyError(
            "this needs PyTorch, which is not installed: pip install 'acgz[nn]'"
        ) from error


def best_device(torch: Any) -> str:
    """ "cuda" if there is one, else "cpu"."""
    return "cuda" if torch.cuda.is_available() else "cpu"
