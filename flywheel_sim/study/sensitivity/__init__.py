"""Sensitivity: which parameters matter, by Sobol indices or Morris screening."""
