"""Answers over worlds: every set of assumptions that is still possible counts, and luck comes second."""
