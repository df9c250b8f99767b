"""DeepGeCo (AAAI 2025): a frozen Warm-Start network and a Supporter that learns while coding."""

COMMANDS = {"tune": ("find the (s,k) of deepgeco for a file", "acgz.nets.deepgeco.tune:declare")}
