"""Make the worlds that come with the package again: ``python docs/make_worlds.py [COMPANY ...]``.

The same draws and seed give the same bits on every machine, so that a file changes only when the engine, the company or
what is drawn of it does.  What is made is kept in ``build/worlds``: interrupted, the same command goes on.
"""

import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

#: Draws by company, and worlds that are kept of those that fit.
DRAWS = {"b2b-saas": 800, "b2c-subscription": 800}
KEEP = 214


def main(names: list[str]) -> None:
    """Make the worlds of these companies, or of all that have any."""
    from flywheel_sim.study.worlds.making import worlds

    for name in names or list(DRAWS):
        file = ROOT / "scenarios" / "worlds" / f"{name}.json"
        file.parent.mkdir(exist_ok=True)
        before, begun = file.read_bytes() if file.exists() else b"", time.process_time()
        found = worlds(name, DRAWS[name], ROOT / "build" / "worlds" / name, keep=KEEP)
        found.save(file)
        told = "the same bits as before" if file.read_bytes() == before else "changed"
        print(
            f"{found.sentence}; {file.stat().st_size / 1000:.0f} kB, engine {found.engine}, "
            f"{time.process_time() - begun:.0f} s of processor time; {told}"
        )


if __name__ == "__main__":
    main(sys.argv[1:])
