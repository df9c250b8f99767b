"""The command line: one file per command, each with `subparser` and `main`."""
