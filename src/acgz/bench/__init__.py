"""Measures acgz modes and other compressors, each as a process of its own, on the same input."""
