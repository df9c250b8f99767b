"""Files behind addresses such as ``s3://bucket/genome.fa``, by way of fsspec.

`address` looks at words alone; the others import fsspec, and only for a word that is an address.
"""
