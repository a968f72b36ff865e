"""The company in which nothing happens is the one of the mechanisms' tests."""

from tests.mechanisms.conftest import once, quiet, same_bits

__all__ = ["once", "quiet", "same_bits"]
