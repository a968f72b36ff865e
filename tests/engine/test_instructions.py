"""A processor with narrower vectors, or none, comes to the same bits.

The engine's passes are vectorised, never reordered; and nothing that a run tells is a library's scalar product, which
rounds as the processor likes.
"""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
from benchmarks.speed import scaled

from flywheel_sim.engine.run import Simulation
from flywheel_sim.results.run import Run

CODE = "from tests.engine.test_instructions import digest; print(digest())"
ROOT = str(Path(__file__).resolve().parents[2])


def digest() -> str:
    """Hash of everything two companies leave behind."""
    told = hashlib.sha256()
    for base in ("everything-on", "b2c-subscription"):
        scenario = scaled(3_000, 60, base)
        simulation = Simulation([scenario.model], [(0, 1, k) for k in range(2)])
        simulation.advance()
        for array in simulation.state:
            told.update(array.tobytes())
        for q in range(2):
            told.update(np.array(list(Run.of(scenario, simulation, q).summary.values())).tobytes())
    return told.hexdigest()


def test_the_plainest_processor_of_its_kind_comes_to_the_same_bits(tmp_path):
    env = os.environ | {
        "NUMBA_CPU_NAME": "generic",
        "NUMBA_CPU_FEATURES": "",
        "FLYWHEEL_CACHE": str(tmp_path),
        "PYTHONPATH": os.pathsep.join((ROOT, f"{ROOT}/experiments")),
        "OPENBLAS_CORETYPE": "Prescott",
        "NPY_DISABLE_CPU_FEATURES": "AVX512F AVX512CD AVX512_SKX",
    }
    done = subprocess.run([sys.executable, "-c", CODE], env=env, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split()[-1] == digest()
