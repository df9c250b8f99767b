"""Weights of trained networks, found by digest: those of the package, and a user's own."""

from acgz.models.store import default_model, find, folders, locate, remember
from acgz.models.weights import Weights, digest_of, read, write

__all__ = [
    "Weights",
    "default_model",
    "digest_of",
    "find",
    "folders",
    "locate",
    "read",
    "remember",
    "write",
]
