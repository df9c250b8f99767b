"""Networks write the same bytes on every CPU, with any number of threads, on either backend.

As in test_exactness.py, environment variables stand for other machines; each environment
compresses in a process of its own.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

from acgz.nets import SYSTEMS
from machines import ENVIRONMENTS, REFERENCE, WITH_PYTORCH, run
from paths import TESTS

pytestmark = pytest.mark.slow
MACHINES = {**ENVIRONMENTS, **WITH_PYTORCH}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("networks-exactness")


@pytest.fixture(scope="module", params=SYSTEMS)
def codec(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def reference(codec: str, folder: Path) -> str:
    return run(TESTS / "nets" / "network_archives.py", codec, REFERENCE, folder)


@pytest.mark.parametrize("name", MACHINES)
def test_archives_are_the_same_in_every_environment(
    name: str, codec: str, reference: str, folder: Path
) -> None:
    assert run(TESTS / "nets" / "network_archives.py", codec, MACHINES[name], folder) == reference


def test_the_archives_are_those_that_the_codec_has_always_written(
    codec: str, reference: str
) -> None:
    assert reference == import_module(f"{codec}_models").PINNED
