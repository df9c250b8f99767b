"""Hatch's hook: a wheel carries a manual page, and machine code for machines like its builder.

``ACGZ_BUILD_FOR`` in the environment names another kind of machine (target.py). An editable
installation has no machine code: there, Numba compiles what is called.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class MachineCode(BuildHookInterface[Any]):
    """Compiles the kernels into a folder of the wheel, and writes the manual page."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        build = Path(self.root) / "build"
        self._run("manual.py", build)
        build_data["shared_data"][str(build / "acgz.1")] = "share/man/man1/acgz.1"
        other = os.environ.get("ACGZ_BUILD_FOR", "")
        folder = build / "machine_code" / (other or platform.machine())
        self._run("make.py", folder)
        if not folder.exists():
            self.app.display_warning("no kernels are compiled on this kind of machine")
            return
        build_data["force_include"][str(folder)] = "acgz/machine_code"
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{_platform(other)}"

    def _run(self, program: str, folder: Path) -> None:
        """Run a program of this folder, which writes into another one."""
        # With the environment as it is: pip gives what a build takes by PYTHONPATH.
        subprocess.run([sys.executable, Path(self.root) / "aot" / program, folder], check=True)


def _platform(other: str) -> str:
    """The library uses what every C library of Linux has had since 2014, at most."""
    if other or platform.libc_ver()[0] == "glibc":
        return f"manylinux_2_17_{other or platform.machine()}"
    return sysconfig.get_platform().replace("-", "_").replace(".", "_")
