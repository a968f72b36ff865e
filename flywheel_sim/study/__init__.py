"""Questions about runs: comparison, sweeps, sensitivity, calibration, search, claims and verification."""
