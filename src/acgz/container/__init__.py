"""The file on disk: checksummed blocks, an index, nothing trusted. Specified in docs/format.md."""
