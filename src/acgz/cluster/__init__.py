"""Blocks coded by the workers of a Dask cluster; nothing else of acgz imports Dask."""
