"""The networks of some documents: one folder a system, and what they share.

A system's folder has the modules ``codec`` and, for the command line, ``cli`` (`acgz.nets.cli`) and
``paper`` (`acgz.bench.suite`). Whatever is in there is found by looking.
"""

from importlib import import_module
from pathlib import Path

SYSTEMS = sorted(found.parent.name for found in Path(__file__).parent.glob("*/codec.py"))

COMMANDS: dict[str, tuple[str, str, tuple[str, ...]]] = {}
"""What systems bring to the command line beside their training; as in `acgz.cli.commands`.

The ``COMMANDS`` of their folders.
"""
for _system in SYSTEMS:
    COMMANDS |= getattr(import_module(f"acgz.nets.{_system}"), "COMMANDS", {})
