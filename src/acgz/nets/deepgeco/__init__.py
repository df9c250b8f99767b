"""DeepGeCo (AAAI 2025): a frozen Warm-Start network and a Supporter that learns while coding."""
