"""Arithmetic that has one possible result on every machine."""
