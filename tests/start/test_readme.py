"""The README as the long description of the package."""

from __future__ import annotations

import re
import sys
from types import ModuleType

import pytest

from paths import ROOT

README = """\
# x

![a picture](docs/images/x.svg)

See [the docs](docs/cli.md#files), [elsewhere](https://example.org/x) and [below](#limits).
"""


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    pytest.importorskip("hatchling")
    monkeypatch.syspath_prepend(str(ROOT / "aot"))
    import readme

    monkeypatch.delitem(sys.modules, "readme")
    return readme


def test_links_lead_to_the_sources(hook: ModuleType) -> None:
    page = hook.page(README, "https://example.org/acgz")
    assert "![a picture](https://example.org/acgz/raw/HEAD/docs/images/x.svg)" in page
    assert "[the docs](https://example.org/acgz/blob/HEAD/docs/cli.md#files)" in page
    assert "[elsewhere](https://example.org/x) and [below](#limits)" in page


def test_without_an_address_there_are_no_links_to_files(hook: ModuleType) -> None:
    page = hook.page(README, None)
    assert "picture" not in page
    assert "See the docs, [elsewhere](https://example.org/x) and [below](#limits)." in page


def test_the_projects_own_page_has_no_dead_link(hook: ModuleType) -> None:
    page = hook.page((ROOT / "README.md").read_text(), None)
    assert re.findall(r"\]\((?!https?:|#)", page) == []
