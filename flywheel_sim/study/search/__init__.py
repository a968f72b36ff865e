"""Search: the best settings under uncertainty, and where they fail."""
