"""Make the pictures of the README and the docs again: ``python docs/pictures/make.py [customers] [layers] [tick]``."""

import re
import sys
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, Wedge

import flywheel_sim as fs
from flywheel_sim.present.drawing import FRAME, INK, MUTED, canvas, color, save_png, to_svg
from flywheel_sim.present.figures import fan_chart

HERE = Path(__file__).parent
SCHEMES = ["siloed-close-rate", "nps-pay", "relationship-pay", "relationship-flywheel"]

#: Rows from top to bottom: layers that stand side by side in one, what they are, and which of PALETTE they wear.
LAYERS = (
    (("commands", "app"), "what people touch", 0),
    (("study",), "designs over runs: compare, calibrate, sweep, sensitivity", 0),
    (("teach",), "pictures in steps", 2),
    (("present",), "figures, tables, the report", 2),
    (("execute",), "where runs happen, and the store they land in", 4),
    (("model",), "the Mesa adapter", 4),
    (("results",), "what a run returns, and where it comes from", 3),
    (("engine",), "the simulation: arrays in, arrays out", 1),
    (("theory",), "closed forms A1 to A30", 6),
    (("scenario",), "what a user writes", 6),
)


def customers() -> None:
    """Run the comparison of the README and draw it."""
    comparison = fs.compare(SCHEMES, replicates=30, as_assumed=True)
    save_png(fan_chart(comparison, "customers"), HERE / "customers.png", scale=1.6)


def layers() -> Figure:
    """The layers, one above the other; imports point down."""
    row, width = 30.0, 560.0
    figure = canvas(width, row * len(LAYERS) + 14)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set_xlim(0, width)
    axes.set_ylim(0, row * len(LAYERS) + 14)
    for k, (names, words, tint) in enumerate(LAYERS):
        y = row * (len(LAYERS) - 1 - k) + 10
        wide = 150.0 / len(names)
        for n, name in enumerate(names):
            axes.add_patch(
                FancyBboxPatch(
                    (40 + n * wide + 2, y), wide - 4, row - 9, boxstyle="round,pad=0,rounding_size=4", linewidth=0,
                    facecolor=color(tint),
                )
            )  # fmt: skip
            axes.text(
                40 + (n + 0.5) * wide, y + (row - 9) / 2, name, color="white", weight="bold", fontsize=10, ha="center",
                va="center",
            )  # fmt: skip
        axes.text(204, y + (row - 9) / 2, words, color=INK, fontsize=10, ha="left", va="center")
    look = {"arrowstyle": "-|>", "color": FRAME, "linewidth": 1.6, "mutation_scale": 13}
    axes.annotate("", (20, 10), (20, row * len(LAYERS)), arrowprops=look)
    axes.text(
        11, row * len(LAYERS) / 2, "imports point down", color=MUTED, fontsize=9, rotation=90, ha="center", va="center"
    )
    return figure


def steps() -> list[tuple[str, str, str]]:
    """Number, step and mechanisms of the week, as the module that states the order says them."""
    text = (Path(fs.__file__).parent / "engine" / "tick.py").read_text("utf-8")
    return re.findall(r"^ ?(\d+)  (\S.*?)  +\S.*?  +((?:\S+ )*m\d\d.*)$", text.split('"""')[1], flags=re.M)


def tick() -> Figure:
    """The week as a clock."""
    found = steps()
    figure = canvas(720, 490)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set_aspect("equal")
    axes.set_xlim(-1.3 * 720 / 490, 1.3 * 720 / 490)
    axes.set_ylim(-1.3, 1.3)
    share = 360.0 / len(found)
    for k, (number, words, modules) in enumerate(found):
        start = 90 - k * share
        step = int(number)
        tint = color(0 if step <= 10 else 2 if step <= 13 else 4)
        axes.add_patch(Wedge((0, 0), 1.0, start - share + 1.2, start, width=0.26, color=tint, linewidth=0))
        middle = np.radians(start - share / 2 + 0.6)
        x, y = float(np.cos(middle)), float(np.sin(middle))
        axes.text(0.87 * x, 0.87 * y, number, color="white", weight="bold", fontsize=10.5, ha="center", va="center")
        side = "left" if x > 0.02 else "right" if x < -0.02 else "center"
        axes.text(1.07 * x, (1.07 + 0.05 * abs(y)) * y + 0.035, words, color=INK, fontsize=10, ha=side, va="center")
        short = re.sub(r"\s*customers\.py: ?", "", modules).upper()
        axes.text(1.07 * x, (1.07 + 0.05 * abs(y)) * y - 0.05, short, color=MUTED, fontsize=8, ha=side, va="center")
    for y, text, tint in ((0.2, "the company", 0), (0.0, "customers", 2), (-0.2, "the books", 4)):
        axes.text(0, y, text, color=color(tint), weight="bold", fontsize=13, ha="center", va="center")
    axes.text(0, -0.45, "one week", color=MUTED, fontsize=9.5, ha="center", va="center")
    return figure


PICTURES = {
    "layers": (layers, "The layers of the package, one above the other; imports point down."),
    "tick": (tick, "The sixteen steps of a week as a clock, with the mechanisms that take them."),
}


def main(names: list[str]) -> None:
    """Make some pictures, or all."""
    for name in names or ["customers", *PICTURES]:
        if name == "customers":
            customers()
            continue
        draw, said = PICTURES[name]
        text = to_svg(draw(), name, said)
        (HERE / f"{name}.svg").write_text(text + "\n", encoding="utf-8")
        if "--png" in sys.argv:
            save_png(draw(), HERE / f"{name}.png")


if __name__ == "__main__":
    main([name for name in sys.argv[1:] if not name.startswith("-")])
