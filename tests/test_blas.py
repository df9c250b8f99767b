"""The program starts with one thread of BLAS, and neither `-T` nor other programs lose by it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

PROGRAM = """
import os
from acgz import blas
blas.start_with_one_thread()
import numpy, threadpoolctl
from acgz.blas import environment_of_children
def threads():
    return [pool["num_threads"] for pool in threadpoolctl.threadpool_info()]
print(threads(), end=" ")
with threadpoolctl.threadpool_limits(limits=2):
    print(threads(), end=" ")
print(environment_of_children().get("OPENBLAS_NUM_THREADS"))
"""


@pytest.mark.parametrize(("said", "shown"), [(None, "[1] [2] None"), ("2", "[2] [2] 2")])
def test_one_thread_at_first_unless_the_user_says_how_many(said, shown) -> None:
    environment = {k: v for k, v in os.environ.items() if not k.endswith("_NUM_THREADS")}
    if said:
        environment["OPENBLAS_NUM_THREADS"] = said
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == shown


def test_the_program_says_so_before_numpy_is_there() -> None:
    code = "import sys, runpy; sys.argv = ['acgz', '--version']\n"
    code += "try: runpy.run_module('acgz', run_name='__main__')\nexcept SystemExit: pass\n"
    code += "import os; print('numpy' in sys.modules, os.environ['OPENBLAS_NUM_THREADS'])"
    environment = {k: v for k, v in os.environ.items() if not k.endswith("_NUM_THREADS")}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split()[-2:] == ["False", "1"]
