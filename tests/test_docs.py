"""What the pages say to newcomers is true: examples run, and files that are named exist."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import acgz
from acgz import modes
from acgz.codec import Coded, decode, encode
from acgz.errors import DamagedError, UsageError
from acgz.modes import MODES
from codec_checks import orderly, round_trip
from paths import DOCS, ROOT

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", *DOCS.rglob("*.md")]


@pytest.fixture(scope="module")
def contributing() -> dict[str, Any]:
    """What the Python examples of CONTRIBUTING.md leave behind, run one after the other."""
    text = (ROOT / "CONTRIBUTING.md").read_text()
    names: dict[str, Any] = {"__name__": "contributing"}
    for example in re.findall(r"^```python\n(.*?)^```", text, re.M | re.S):
        exec(compile(example, "CONTRIBUTING.md", "exec", dont_inherit=True), names)
    return names


def test_the_codec_of_contributing_is_one(contributing: dict[str, Any]) -> None:
    codec = contributing["AfterTwoCodec"]()
    for count in (0, 1, 2, 15, 16, 17, 1000):
        round_trip(codec, orderly(count), {"lanes": 16})
    _, alike = encode(codec, orderly(20_000), {})
    _, noise = encode(codec, np.random.default_rng(1).integers(0, 4, 20_000).astype(np.uint8), {})
    assert len(alike) < 0.9 * len(noise)


def test_the_codec_of_contributing_trusts_nothing(contributing: dict[str, Any]) -> None:
    codec = contributing["AfterTwoCodec"]()
    for lanes in (0, 1025, True, None, "3"):
        with pytest.raises(DamagedError):
            decode(codec, Coded({"lanes": lanes}, bytes(100)), 10)
        with pytest.raises(UsageError, match="lanes must be a whole number from 1 to 1024"):
            encode(codec, orderly(10), {"lanes": lanes})


def test_the_codec_of_contributing_can_be_registered(contributing: dict[str, Any]) -> None:
    codec = contributing["AfterTwoCodec"]()
    modes.register(codec)
    try:
        assert modes.get_codec("after-two") is codec
    finally:
        modes.unregister("after-two")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_file_that_a_page_names_exists(page: Any) -> None:
    text = page.read_text()
    links = re.findall(r"\]\((?!http|#)([^)#]+)(?:#[^)]*)?\)", text)
    missing = [link for link in links if not (page.parent / link).exists()]
    named = re.findall(r"`((?:src/acgz|tests|tools|docs|demo)/[\w./-]+)`", text)
    missing += [name for name in named if not (ROOT / name).exists()]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_module_that_a_page_names_exists(page: Any) -> None:
    named = set(re.findall(r"`(acgz(?:\.\w+)+)`", page.read_text()))
    assert [name for name in sorted(named) if not _exists(name)] == []


def _exists(name: str) -> bool:
    """A module, or what `acgz` itself has."""
    path = ROOT / "src" / name.replace(".", "/")
    return path.is_dir() or path.with_suffix(".py").is_file() or hasattr(acgz, name[5:])


def test_the_readme_names_every_mode() -> None:
    rows = re.findall(r"^\| (`.*?)\|", (ROOT / "README.md").read_text(), re.M)
    named = set()
    for row in rows:
        first, *others = re.findall(r"`([\w-]+)`", row)
        named |= {first, *others, *(first.rpartition("-")[0] + other for other in others)}
    assert [mode for mode in MODES if mode not in named] == []


def test_the_tour_names_files_of_the_package_that_exist() -> None:
    named = re.findall(r"`([\w/]+\.py)`", (DOCS / "tour.md").read_text())
    assert len(named) > 20
    assert [name for name in named if not (ROOT / "src" / "acgz" / name).is_file()] == []


def test_the_tour_passes_through_every_room_of_the_product() -> None:
    tour = (DOCS / "tour.md").read_text()
    for room in ("cli", "container", "layout", "coding", "engine", "models", "nets"):
        assert f"`{room}/" in tour
