"""What several test files share: where the data is, and which modes can run here."""

from __future__ import annotations

import os
import random
import signal
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from paths import HELPERS

sys.path += [str(folder) for folder in HELPERS if str(folder) not in sys.path]

# How fast a machine is, is no claim of a test.
hypothesis.settings.register_profile("acgz", deadline=None)
hypothesis.settings.load_profile("acgz")

# Whoever starts the tests in the background may have them ignore signals, and with them all
# programs that they start: those would never end when a test interrupts them.
for _number, _handler in {
    signal.SIGINT: signal.default_int_handler,
    signal.SIGTERM: signal.SIG_DFL,
    signal.SIGHUP: signal.SIG_DFL,
}.items():
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, _handler)


MOST_SETS = 6
"""Of the parameters of one test, with --half."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--half",
        action="store_true",
        help=f"no slow tests, and of each test at most {MOST_SETS} sets of parameters",
    )
    parser.addoption("--large", action="store_true", help="also tests with gigabytes")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without --large: leave out what takes gigabytes.

    With --half: leave out slow tests, and draw from the parameters of the others.

    What is drawn lies evenly between the first set and the last, so that a product of two lists
    is met along its diagonal. Files with slow tests come first, so that no core waits long for
    another in the end.
    """
    if not config.getoption("--large"):
        large = [item for item in items if item.get_closest_marker("large")]
        config.hook.pytest_deselected(items=large)
        items[:] = [item for item in items if item not in large]
    if not config.getoption("--half"):
        slow = {item.path for item in items if item.get_closest_marker("slow")}
        items.sort(key=lambda item: item.path not in slow)
        return
    tests: dict[str, list[pytest.Item]] = defaultdict(list)
    for item in items:
        if not item.get_closest_marker("slow"):
            tests[item.nodeid.partition("[")[0]].append(item)
    kept = {
        sets[round(draw * (len(sets) - 1) / (MOST_SETS - 1))]
        for sets in tests.values()
        for draw in range(MOST_SETS)
    }
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = [item for item in items if item in kept]


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data beside the repository; skips the test where there is none."""
    folder = Path(os.environ.get("ACGZ_SHARED", Path(__file__).parents[2] / "shared")) / "data"
    if not folder.is_dir():
        pytest.skip(f"no shared data: {folder} is missing (set ACGZ_SHARED)")
    return folder


@pytest.fixture(autouse=True)
def nothing_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Models and references that other tests have named by their paths are not found."""
    monkeypatch.setattr("acgz.models.store._remembered", [])
    monkeypatch.setattr("acgz.references._remembered", [])
    monkeypatch.setattr("acgz.references._beside", [])


@pytest.fixture
def one_thread() -> Iterator[None]:
    """PyTorch with one thread: two are slower on networks as small as those of tests."""
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def fasta(*lengths: int, width: int = 60, seed: int = 1) -> bytes:
    """A FASTA file with a record of random bases for every one of ``lengths``."""
    generator = random.Random(seed)
    lines = []
    for number, length in enumerate(lengths, start=1):
        lines.append(f">chr{number} made for a test")
        sequence = "".join(generator.choices("ACGT", k=length))
        lines += [sequence[start : start + width] for start in range(0, length, width)]
    return "\n".join([*lines, ""]).encode()
