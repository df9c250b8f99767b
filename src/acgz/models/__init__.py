"""Weights of trained networks, found by digest: those of the package, and a user's own."""

from acgz.models.store import (
    find,
    folders,
    locate,
    named,
    packaged,
    remember,
    shipped,
    while_unchanged,
)
from acgz.models.weights import Model, digest_of, read, write

__all__ = [
    "Model",
    "digest_of",
    "find",
    "folders",
    "locate",
    "named",
    "packaged",
    "read",
    "remember",
    "shipped",
    "while_unchanged",
    "write",
]
