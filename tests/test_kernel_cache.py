"""A compiled kernel is used again only while no kernel of the package has changed."""

from __future__ import annotations

import errno
import importlib.util
import os
import subprocess
import sys

import numba
import pytest

import acgz
from acgz import kernel as kernels
from acgz import kernel_cache
from conftest import fasta

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


def damages(data: bytes) -> list[bytes]:
    middle = len(data) // 2
    flipped = bytes([*data[:middle], data[middle] ^ 1, *data[middle + 1 :]])
    return [b"", data[:10], data[:-1], flipped, b"garbage" * 100]


@pytest.mark.parametrize("ending", ["nbi", "nbc"])
@pytest.mark.parametrize("kind", range(5))
def test_a_damaged_cache_is_compiled_anew(cache_hits, tmp_path, caplog, ending, kind):
    """Machine code in which one bit is another one would load without a complaint."""
    cache_hits()
    (file,) = tmp_path.rglob(f"*.{ending}")
    file.write_bytes(damages(file.read_bytes())[kind])
    assert cache_hits() == 0
    assert cache_hits() == 1
    assert not caplog.records


@pytest.fixture
def say_again():
    kernel_cache._warn_once.cache_clear()


def test_without_a_place_for_the_cache_kernels_are_compiled_in_memory(
    cache_hits, monkeypatch, caplog, say_again
):
    monkeypatch.setattr(numba.config, "CACHE_DIR", "/dev/null/nowhere")
    only = [numba.core.caching.UserProvidedCacheLocator]  # not beside the source, nor at home
    monkeypatch.setattr(numba.core.caching.CacheImpl, "_locator_classes", only)
    assert cache_hits() == 0
    assert cache_hits() == 0
    (record,) = caplog.records
    assert "\n" not in record.message
    assert "NUMBA_CACHE_DIR" in record.message


def test_a_disk_that_is_full_ends_nothing(cache_hits, monkeypatch, caplog, say_again):
    def full(self, path):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(numba.core.caching.IndexDataCacheFile, "_open_for_write", full)
    assert cache_hits() == 0
    assert cache_hits() == 0
    assert [record.message for record in caplog.records] == [
        "acgz: compiled kernels cannot be stored (No space left on device), so every start takes "
        "long; NUMBA_CACHE_DIR may name a folder for them"
    ]


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [["ls", "x.acgz"], ["compress", "-m", "twobit", "x.fa"]])
def test_a_package_and_a_home_that_cannot_be_written_are_enough(arguments, tmp_path):
    """The usual container: every place for the cache is read-only."""
    (tmp_path / "x.fa").write_bytes(fasta(100))
    (tmp_path / "x.acgz").write_bytes(acgz.compress(fasta(100), "twobit"))
    nowhere = (
        "import sys, numba.core.caching as caching\n"
        "def refuse(self): raise PermissionError\n"
        "caching._CacheLocator.ensure_cache_path = refuse\n"
        "from acgz.cli.main import main; sys.exit(main(sys.argv[1:]))"
    )
    run = [sys.executable, "-c", nowhere, *arguments]
    environment = {**os.environ, "ACGZ_KERNELS": "jit", "NUMBA_OPT": "0"}  # quickly compiled
    done = subprocess.run(
        run, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("acgz: compiled kernels cannot be stored")


def test_the_state_covers_every_file_with_kernels():
    package = kernels._PACKAGE
    with_kernels = {
        path.relative_to(package).parts[0]
        for path in package.rglob("*.py")
        if "@njit" in (text := path.read_text()) or "kernel\n" in text
    }
    assert with_kernels <= set(kernels._FLOORS)
