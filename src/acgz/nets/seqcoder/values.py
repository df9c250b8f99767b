"""Bases as the numbers that the autoencoder reads and writes: A 0, T ¼, C ½, G ¾."""

from __future__ import annotations

import numpy as np

VALUES = 4
PLACE = np.array([0, 2, 3, 1], np.uint8)
"""Residue 0..3 (A, C, G, T) to its place among the values; the notebook's order is A, T, C, G."""
RESIDUE = np.array([0, 3, 1, 2], np.uint8)
"""The inverse."""
VALUE_OF = (PLACE / VALUES).astype(np.float32)
"""The value of each residue."""
