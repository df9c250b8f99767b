"""What links the libraries of compiled kernels, and what they may need."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

from paths import ROOT


@pytest.fixture
def link(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "aot"))
    monkeypatch.delenv("CC", raising=False)
    import link

    yield link
    del sys.modules["link"]


def test_the_users_compiler_comes_first(link, monkeypatch):
    monkeypatch.setenv("CC", "ccache my-cc")
    assert link.linker() == ["ccache", "my-cc"]


def test_ziglang_links_where_there_is_no_compiler(link, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setattr(link.importlib.util, "find_spec", lambda name: name == "ziglang")
    assert link.linker() == [sys.executable, "-m", "ziglang", "cc"]


def test_without_any_the_error_says_what_to_install(link, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setattr(link.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(OSError, match="ziglang"):
        link.linker()


@pytest.mark.parametrize(
    ("code", "allowed"),
    [
        ("void *memset(void *, int, long); void *f(char *p) { return memset(p, 1, 9); }", True),
        ("double sin(double); double f(double x) { return sin(x); }", False),
    ],
)
def test_a_library_may_need_no_more_than_a_little_of_the_c_library(link, tmp_path, code, allowed):
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler makes the object file")
    (tmp_path / "f.c").write_text(code)
    subprocess.run(
        [compiler, "-fno-builtin", "-fPIC", "-c", "f.c", "-o", "f.o"], cwd=tmp_path, check=True
    )
    if allowed:
        link.link([tmp_path / "f.o"], tmp_path / "f.so")
        assert link.undefined((tmp_path / "f.so").read_bytes()) == {"memset"}
    else:
        with pytest.raises(OSError, match="kernels need sin from elsewhere"):
            link.link([tmp_path / "f.o"], tmp_path / "f.so")
