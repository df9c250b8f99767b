"""The networks of four documents: one folder a system, and what they share."""
