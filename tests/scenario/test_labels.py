"""Strategists read plain labels: whatever a setting means in the model's words, its label says without a symbol."""

import re

import pytest

from flywheel_sim.results.assumptions import key_assumptions
from flywheel_sim.scenario import load
from flywheel_sim.scenario.roles import role_of
from flywheel_sim.scenario.schema import ScenarioModel
from flywheel_sim.scenario.shapes import along, every_path, root

#: Words of the model that a strategist need not know, and symbols in front of a sentence.
JARGON = re.compile(
    r"\b(logit|log|elasticity|cosine|diffusion|angular|hazard|propensity|sd|per unit|exponent|gradient|magnitude"
    r"|time constant|Beta|Gamma|Weibull|kappa|rho|tau|sigma)\b|^\S{1,12}( = \S+)?: ",
    re.IGNORECASE,
)
WHOLE = {".".join(path): along(root(ScenarioModel), path) for path in every_path(ScenarioModel)}
SETTINGS = [
    (path, shape)
    for path, shape in WHOLE.items()
    if shape is not None and shape.field is not None and shape.block is None and role_of(path) != "record"
]
NUMBERS = [(path, shape) for path, shape in SETTINGS if any("number" in kind for kind in shape.kinds)]


def test_the_walk_sees_the_schema():
    assert len(NUMBERS) > 200 and "vectors.coupling.fixed" in dict(NUMBERS)


def test_whatever_is_said_in_the_words_of_the_model_has_a_plain_label():
    without = [f"{path}: {shape.text}" for path, shape in NUMBERS if not shape.label and JARGON.search(shape.text)]
    assert without == []


def test_no_label_needs_a_symbol_or_is_given_twice():
    labels = [shape.label for _, shape in SETTINGS if shape.label]
    assert [label for label in labels if JARGON.search(label) or label.endswith(".")] == []
    assert len(labels) == len(set(labels))


@pytest.mark.parametrize("name", ["b2b-saas", "everything-on"])
def test_the_report_prints_labels(name):
    rows = {row.path: row.text for row in key_assumptions([load(name)])}
    assert [text for text in rows.values() if JARGON.search(text)] == []
    assert rows["vectors.coupling.fixed"] == "How strongly teams adopt each other's priorities, whatever they do"
