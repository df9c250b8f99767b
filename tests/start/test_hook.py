"""The build hook runs programs of the source tree with what a build is given."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from paths import ROOT


def hook() -> Any:
    """The module of the hook."""
    pytest.importorskip("hatchling", reason="only builds need it")
    spec = importlib.util.spec_from_file_location("build_hook", ROOT / "aot" / "hook.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


BUILD: Any = SimpleNamespace(root=str(ROOT))


def test_what_a_build_is_given_is_known(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """pip lets what a build takes be found by PYTHONPATH."""
    pytest.importorskip("argparse_manpage", reason="only builds need it")
    (tmp_path / "sitecustomize.py").write_text("import only_given")
    (tmp_path / "only_given.py").write_text(f"open({str(tmp_path / 'met')!r}, 'w').close()")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    hook().MachineCode._run(BUILD, "manual.py", tmp_path)
    assert (tmp_path / "met").exists()


def test_sources_are_found_where_pip_takes_installed_packages_away(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Built from an environment that has these very sources installed (``pip install -e``)."""
    pytest.importorskip("argparse_manpage", reason="only builds need it")
    known = str(ROOT / "src")
    program = f"import sys\nsys.path[:] = [path for path in sys.path if path != {known!r}]\n"
    (tmp_path / "sitecustomize.py").write_text(program)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    hook().MachineCode._run(BUILD, "manual.py", tmp_path)
    assert (tmp_path / "acgz.1").exists()
