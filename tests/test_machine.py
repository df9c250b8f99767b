"""How much memory a process may use, whoever limits it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from acgz import machine


@pytest.fixture
def groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the groups of processes, without any."""
    monkeypatch.setattr(machine, "_GROUPS", tmp_path / "groups")
    monkeypatch.setattr(machine, "_OWN_GROUPS", tmp_path / "own")
    return tmp_path


def limit(file: Path, value: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"{value}\n")


def test_a_machine_without_groups_has_its_own_memory(groups: Path) -> None:
    if hasattr(os, "sysconf"):
        assert machine.memory() == os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.parametrize("inner", ["max", "5000", None])
def test_a_job_of_a_cluster_has_what_its_groups_have(groups: Path, inner: str | None) -> None:
    (groups / "own").write_text("0::/slurm/job_1/step_0\n")
    limit(groups / "groups/slurm/job_1/memory.max", "4000")
    if inner is not None:
        limit(groups / "groups/slurm/job_1/step_0/memory.max", inner)
    assert machine.memory() == 4000


def test_a_container_has_what_is_at_the_root_of_its_groups(groups: Path) -> None:
    (groups / "own").write_text("0::/\n")
    limit(groups / "groups/memory.max", "3000")
    assert machine.memory() == 3000


def test_groups_of_the_first_kind_count_too(groups: Path) -> None:
    (groups / "own").write_text("12:cpu,cpuacct:/a\n4:memory:/a:b\n0::/\n")
    limit(groups / "groups/memory/a:b/memory.limit_in_bytes", "2000")
    limit(groups / "groups/cpu/a/memory.limit_in_bytes", "1")
    assert machine.memory() == 2000


def test_memory_that_nobody_limits_is_that_of_the_machine(groups: Path) -> None:
    (groups / "own").write_text("0::/a\n")
    whole = machine.memory()
    limit(groups / "groups/a/memory.max", "max")
    assert machine.memory() == whole > 1 << 20
