"""The build hook runs programs of the source tree with what a build is given."""

from __future__ import annotations

import importlib.util
import os
import subprocess
from types import SimpleNamespace
from typing import Any

import pytest

from paths import ROOT


@pytest.mark.parametrize("given", [None, "/given/by/pip"])
def test_paths_that_a_build_is_given_stay(
    monkeypatch: pytest.MonkeyPatch, given: str | None
) -> None:
    """pip lets what a build takes be found by PYTHONPATH."""
    pytest.importorskip("hatchling", reason="only builds need it")
    spec = importlib.util.spec_from_file_location("build_hook", ROOT / "aot" / "hook.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    asked: list[dict[str, str]] = []
    monkeypatch.setattr(subprocess, "run", lambda *_, env, **__: asked.append(env))
    if given is None:
        monkeypatch.delenv("PYTHONPATH", raising=False)
    else:
        monkeypatch.setenv("PYTHONPATH", given)
    hook: Any = SimpleNamespace(root=str(ROOT))
    module.MachineCode._run(hook, "make.py", ROOT / "build")
    expected = [str(ROOT / "src"), *([given] if given else [])]
    assert asked[0]["PYTHONPATH"].split(os.pathsep) == expected
