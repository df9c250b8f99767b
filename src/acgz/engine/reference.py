"""The reference of a block: what both sides know before its first residue."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from acgz import references
from acgz.engine.settings import EngineSettings
from acgz.errors import DamagedError
from acgz.references import DIGEST_SIZE, Reference
from acgz.settings import JSON

WORD = 32
"""Residues that the index of copies keeps in one number; a reference has whole ones."""
NONE = Reference(np.zeros(0, np.uint8), b"", "")


def asked_for(settings: EngineSettings) -> Reference:
    """What is known before the block; the last residues are left out, to fill whole words."""
    if settings.reference is None:
        return NONE
    references.remember(settings.reference)
    found = references.read(settings.reference)
    return found._replace(residues=found.residues[: found.residues.size // WORD * WORD])


def stored(parameters: Mapping[str, JSON], before: int) -> NDArray[np.uint8]:
    """The residues that the block refers to; MissingModelError, DamagedError."""
    digest, hint = parameters.get("reference", b""), parameters.get("hint", "")
    if digest == b"" and before == 0:
        return NONE.residues
    if not isinstance(digest, bytes) or len(digest) != DIGEST_SIZE or not isinstance(hint, str):
        raise DamagedError("the block does not name its reference")
    residues = references.find(digest, hint).residues
    if residues.size // WORD * WORD != before:
        raise DamagedError("the reference has another length than the block says")
    return residues[:before]
