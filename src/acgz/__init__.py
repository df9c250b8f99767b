"""acgz: a lossless compressor for genome sequences."""

__version__ = "0.1.0"
