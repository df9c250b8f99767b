"""A compiled kernel is used again only while no kernel of the package has changed."""

from __future__ import annotations

import importlib.util

import numba
import pytest

from acgz import kernel as kernels

pytestmark = pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="nothing is compiled")


@pytest.fixture
def cache_hits(tmp_path, monkeypatch):
    """A function that imports a module with a kernel anew, calls it and counts cache hits."""
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path / "kernels"))
    source = tmp_path / "module_with_kernel.py"
    source.write_text("from acgz.kernel import kernel\n@kernel\ndef twice(x):\n    return x + x\n")

    def call() -> int:
        spec = importlib.util.spec_from_file_location("module_with_kernel", source)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        assert module.twice(21) == 42
        return sum(module.twice.stats.cache_hits.values())

    return call


def test_a_kernel_is_compiled_once(cache_hits):
    assert cache_hits() == 0
    assert cache_hits() == 1


def test_a_change_of_any_kernel_compiles_all_again(cache_hits, monkeypatch):
    cache_hits()
    monkeypatch.setattr(kernels, "digest", lambda: "another state of the sources")
    assert cache_hits() == 0
    assert cache_hits() == 1


def test_the_state_covers_every_file_with_kernels():
    package = kernels._PACKAGE
    with_kernels = {
        path.relative_to(package).parts[0]
        for path in package.rglob("*.py")
        if "@njit" in (text := path.read_text()) or "kernel\n" in text
    }
    assert with_kernels <= set(kernels._FLOORS)
