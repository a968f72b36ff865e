"""Paired comparison: the same luck in every scenario, where a difference comes from, and whom it reaches."""
