"""The model in Mesa's own viewer.

    pip install 'mesa[viz]' 'ipyvuetify<3' solara-assets
    solara run docs/examples/solara_viz.py

Sliders make a new company at the next *Reset*, the buttons step it; the plots are weekly columns, the compass shows
where the teams look.
"""

import matplotlib
import mesa.visualization as viewer
import numpy as np
import solara
from matplotlib.figure import Figure
from mesa.visualization.utils import update_counter

import flywheel_sim as fs

matplotlib.use("Agg")


class Company(fs.FlywheelModel):
    """A shipped pay scheme with two numbers to play with; the viewer makes a new one whenever one moves."""

    def __init__(self, scheme="relationship-flywheel", sales_heads=8, coupling=6.0, rng=1):
        changed = {"teams.sales.headcount": sales_heads, "vectors.coupling.fixed": coupling}
        super().__init__(fs.load(scheme).with_(changed), rng=rng)


@solara.component
def Compass(model):
    """Every team's angle to what customers need, which is straight up; the length is what the team can do."""
    update_counter.get()
    figure = Figure(figsize=(5, 4))
    axes = figure.add_subplot(projection="polar")
    axes.set_theta_zero_location("N")
    axes.set_title(f"week {model.week}: straight up is what customers need")
    axes.set_yticklabels([])
    axes.set_xticks(np.radians(range(0, 360, 45)), [f"{min(a, 360 - a)}°" for a in range(0, 360, 45)])
    directions = np.array([team.direction for team in model.teams])
    across = directions - np.outer(directions @ model.need, model.need)
    side = np.linalg.svd(across)[2][0]  # left and right: what the teams differ in most, the need apart
    for team, direction in zip(model.teams, directions, strict=True):
        angle = np.arccos(np.clip(direction @ model.need, -1, 1)) * (np.sign(direction @ side) or 1)
        axes.plot([angle, angle], [0, team.magnitude], linewidth=3, label=team.name)
    axes.legend(loc="center left", bbox_to_anchor=(1.1, 0.5), frameon=False)
    solara.FigureMatplotlib(figure, format="png", bbox_inches="tight")


@solara.component
def Page():
    """The page that ``solara run`` shows."""
    viewer.SolaraViz(
        Company(),
        components=[
            Compass,
            viewer.make_plot_component(["customers", "advocates", "detractors"]),
            viewer.make_plot_component(["alignment", "customer_alignment"]),
            viewer.make_plot_component("value"),
        ],
        model_params={
            "scheme": {"type": "Select", "value": "relationship-flywheel", "label": "scheme",
                       "values": [name for name, entry in fs.scenarios().items() if entry.kind == "scheme"]},
            "sales_heads": viewer.Slider("people in sales", 8, 1, 20, 1),
            "coupling": viewer.Slider("pull between teams, K/D", 6.0, 0.0, 12.0, 0.5),
        },
        name="A company's flywheel",
    )  # fmt: skip
