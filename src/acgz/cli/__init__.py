"""The command line: a file per family of commands, and what they share."""
