"""Calibration: observed data, fits, posteriors, and base cases that are frozen."""
