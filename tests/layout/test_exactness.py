"""The same layouts, texts and refusals without a compiler, and with every index checked."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from layout_report import report
from layout_texts import TEXTS

from paths import TESTS

# How many damaged layouts of which texts; without a compiler, a header takes seconds.
FEW = {"runs": 6, "odd": 1, "verbatim": 5}
MANY = dict.fromkeys(TEXTS, 40)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("variable", "amounts"),
    [("NUMBA_DISABLE_JIT", FEW), ("NUMBA_BOUNDSCHECK", MANY)],
    ids=["without a compiler", "with every index checked"],
)
def test_layouts_and_refusals_are_the_same(
    variable: str, amounts: dict[str, int], pytestconfig: pytest.Config
) -> None:
    kernels = pytestconfig.cache.mkdir(variable)  # of their own, but kept
    code = f"from layout_report import report; print(*report({amounts}), sep=chr(10))"
    environment = {
        **os.environ,
        variable: "1",
        "NUMBA_CACHE_DIR": str(kernels),
        "PYTHONPATH": os.pathsep.join(
            [str(TESTS / "layout"), str(TESTS), os.environ.get("PYTHONPATH", "")]
        ),
    }
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == report(amounts)
