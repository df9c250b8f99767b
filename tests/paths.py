"""Where things are in a checkout."""

from __future__ import annotations

from pathlib import Path

TESTS = Path(__file__).parent
ROOT = TESTS.parent
DOCS = ROOT / "docs"
PHAGE = ROOT / "demo" / "phage_lambda.fa"
HELPERS = [TESTS, TESTS / "nets", *(path for path in (TESTS / "nets").iterdir() if path.is_dir())]
"""Folders with modules that tests share, those of each network system among them."""
