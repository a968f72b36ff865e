"""Make the pictures of the README and the docs again: ``python docs/pictures/make.py``."""

from pathlib import Path

import flywheel_sim as fs
from flywheel_sim.present.drawing import save_png
from flywheel_sim.present.figures import fan_chart

HERE = Path(__file__).parent
SCHEMES = ["siloed-close-rate", "nps-pay", "relationship-pay", "relationship-flywheel"]


def main() -> None:
    """Run the comparison and draw it."""
    comparison = fs.compare(SCHEMES, replicates=30)
    save_png(fan_chart(comparison, "customers"), HERE / "customers.png", scale=1.6)


if __name__ == "__main__":
    main()
