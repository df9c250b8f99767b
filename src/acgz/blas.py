"""How many threads NumPy's BLAS starts: one is enough, and the program begins a tenth sooner.

The modes that multiply matrices take as many as ``-T`` allows when they begin (threadpoolctl).
"""

from __future__ import annotations

import os

_VARIABLE = "OPENBLAS_NUM_THREADS"
_set_here = False


def start_with_one_thread() -> None:
    """Let BLAS start none beside the first, before NumPy is imported, if the user does not mind."""
    global _set_here
    if _VARIABLE not in os.environ:
        os.environ[_VARIABLE] = "1"
        _set_here = True


def environment_of_children() -> dict[str, str]:
    """The environment as the user has set it, for other programs."""
    return {
        name: value for name, value in os.environ.items() if not (_set_here and name == _VARIABLE)
    }
