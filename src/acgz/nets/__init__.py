"""The networks of four documents: one folder a system, and what they share."""

COMMANDS = {"tune": ("find the (s,k) of deepgeco for a file", "acgz.nets.deepgeco.tune:declare")}
"""What systems bring to the command line beside their training; as in `acgz.cli.main`."""
