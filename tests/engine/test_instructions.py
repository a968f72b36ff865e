"""A processor with narrower vectors, or none, comes to the same bits: passes are vectorised, never reordered."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

from flywheel_sim.engine.run import Simulation
from flywheel_sim.study.speed import scaled

CODE = "from tests.engine.test_instructions import digest; print(digest())"
ROOT = str(Path(__file__).resolve().parents[2])


def digest() -> str:
    """Hash of everything two companies leave behind."""
    told = hashlib.sha256()
    for base in ("everything-on", "b2c-subscription"):
        simulation = Simulation([scaled(3_000, 60, base).model], [(0, 1, k) for k in range(2)])
        simulation.advance()
        for array in simulation.state:
            told.update(array.tobytes())
    return told.hexdigest()


def test_the_plainest_processor_of_its_kind_comes_to_the_same_bits(tmp_path):
    env = os.environ | {
        "NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": "", "FLYWHEEL_CACHE": str(tmp_path), "PYTHONPATH": ROOT,
    }  # fmt: skip
    done = subprocess.run([sys.executable, "-c", CODE], env=env, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split()[-1] == digest()
