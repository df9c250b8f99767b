"""Splits any text, without loss, into residues and a layout that says all else about it."""

from acgz.layout.splitting import Split, join, outline, split

__all__ = ["Split", "join", "outline", "split"]
