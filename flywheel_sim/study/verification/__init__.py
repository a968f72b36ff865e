"""Verification: closed forms, the baseline of shipped scenarios, and results made again."""
