"""Notice what is drawn in another unit than the scenario's: churn a week where the scenario has churn a renewal.

A range need not hold the scenario's own value.  One that ends at a third of it, or begins at three times, is more often
in the wrong unit than meant; who reads of it is told the value in hand, its unit and what it means.
"""

import math
from collections.abc import Iterator
from typing import Any

from flywheel_sim.scenario import Scenario, ScenarioError
from flywheel_sim.scenario.idle import own, sentences
from flywheel_sim.scenario.shapes import along, root
from flywheel_sim.study.blocks import ParameterBlock
from flywheel_sim.study.design.study import Study
from flywheel_sim.study.search.search_file import uncertain_part

__all__ = ["FAR", "far_off", "fit_warnings", "range_warning", "study_warnings"]

#: How many times the value in hand the near end of a range must be away before it is spoken of.
FAR = 3.0
#: Quantiles that stand for the ends of a distribution.
ENDS = (0.01, 0.99)


def study_warnings(study: Study) -> tuple[str, ...]:
    """Say what is probably not meant: settings without effect, ranges far from the scenario's own value."""
    varied = {path: None for name, block in study.parameters.items() for path in (name, *block.also)}
    written = [path for scenario in study.scenarios.values() for path in own(scenario)]
    without = sentences(study.scenarios.values(), dict.fromkeys([*written, *varied]), varied)
    return (*without, *far_off(study))


def far_off(study: Study) -> tuple[str, ...]:
    """Return a sentence for every parameter, and everything not known, whose range is far from the scenario's own
    value.

    Examples
    --------
    >>> from flywheel_sim.study.design.study_file import read_study
    >>> weekly = {"market.churn.mean": {"range": [0.003, 0.012]}}
    >>> study = {"scenario": "b2b-saas", "parameters": weekly, "design": {"kind": "lhs", "points": 2}}
    >>> (said,) = far_off(read_study(study))
    >>> said[:79]
    'market.churn.mean is drawn from 0.003 to 0.012, but b2b-saas has 0.13 (probabil'
    """
    return tuple(dict.fromkeys(_sentences(study)))


def _sentences(study: Study) -> Iterator[str]:
    blocks = [(path, block) for path, block in study.parameters.items()]
    if study.searches and study.file.search.uncertainty:
        blocks += uncertain_part(study).parameters.items()
    for path, block in blocks:
        if (ends := _ends(block)) is None:
            continue
        for other in (path, *block.also):
            for scenario in study.scenarios.values():
                if said := range_warning(scenario, other, *ends):
                    yield said


def fit_warnings(scenario: Scenario) -> tuple[str, ...]:
    """Return a sentence for everything that may be fitted between limits, or is believed, far from the scenario's own
    value.

    Examples
    --------
    >>> from flywheel_sim.scenario import load
    >>> fit_warnings(load("hubspot"))
    ()
    """
    warnings = []
    for one in scenario.model.observed.fit.values():
        warnings.append(range_warning(scenario, one.path, one.low, one.high, "may be fitted"))
        if one.prior:
            reach = math.exp(3.0 * one.spread)
            low, high = one.prior / reach, one.prior * reach
            warnings.append(range_warning(scenario, one.path, low, high, "is believed to lie"))
    return tuple(dict.fromkeys(filter(None, warnings)))


def range_warning(scenario: Scenario, path: str, low: float, high: float, verb: str = "is drawn") -> str:
    """Return what to say of a range that is far from a scenario's own value; empty where there is nothing to say.

    A value of 0 has no size to compare with: nothing is said of it.

    Examples
    --------
    >>> from flywheel_sim.scenario import load
    >>> range_warning(load("b2b-saas"), "market.churn.mean", 0.1, 0.3)
    ''
    """
    try:
        value = scenario.get(path)
    except ScenarioError:
        return ""
    if isinstance(value, bool) or not isinstance(value, int | float) or value == 0 or low <= value <= high:
        return ""
    near = low if abs(low - value) < abs(high - value) else high
    if near != 0 and 1 / FAR < near / value < FAR:
        return ""
    shape = along(root(type(scenario.model)), tuple(path.split(".")))
    unit = shape.unit if shape is not None else ""
    means = (shape.label or shape.text).rstrip(".") if shape is not None else ""
    known = ": ".join(word for word in (unit, means) if word)
    said = f"{path} {verb} from {low:g} to {high:g}, but {scenario.name} has {value:g}"
    return f"{said}{f' ({known})' if known else ''}; is that the same unit?"


def _ends(block: ParameterBlock) -> tuple[float, float] | None:
    """Return the least and the greatest that is drawn; None where it is not numbers."""
    if block.range:
        return block.range[0], block.range[1]
    if block.distribution:
        from scipy import stats

        law: Any = getattr(stats, block.distribution)
        return float(law.ppf(ENDS[0], **block.arguments)), float(law.ppf(ENDS[1], **block.arguments))
    numbers = [x for x in block.values if isinstance(x, int | float) and not isinstance(x, bool)]
    return (min(numbers), max(numbers)) if numbers and len(numbers) == len(block.values) else None
