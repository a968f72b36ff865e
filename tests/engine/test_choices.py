"""A choice means what it says, wherever it stands in the list of choices."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Literal, get_args, get_origin

import numba
import pytest

import flywheel_sim
from flywheel_sim.engine.choices import choice, codes
from flywheel_sim.scenario.fields import Block
from flywheel_sim.scenario.schema import MECHANISMS, ScenarioModel

ENGINE = Path(flywheel_sim.__file__).parent / "engine"


def choice_fields(block):
    """Yield every choice that a block and the blocks in it leave to a scenario: (block, field)."""
    for name, field in block.model_fields.items():
        parts = [field.annotation, *get_args(field.annotation)]
        if get_origin(field.annotation) is Literal:
            yield block, name
        for part in parts:
            if isinstance(part, type) and issubclass(part, Block):
                yield from choice_fields(part)


CHOICES = [
    found for name in MECHANISMS.values() for found in choice_fields(ScenarioModel.model_fields[name].annotation)
]


def test_names_of_choices_are_the_positions_that_a_record_holds():
    assert len(CHOICES) > 12
    for block, field in CHOICES:
        annotation = block.model_fields[field].annotation
        for value in get_args(annotation):
            assert getattr(codes(block, field), value.replace("-", "_")) == choice(value, annotation)


@pytest.mark.parametrize("order", [Literal["fifo", "most-valued"], Literal["most-valued", "fifo"]])
def test_compiled_code_reads_a_choice_by_its_name_in_any_order(order):
    class Queue(Block):
        order: str

    Queue.model_fields["order"].annotation = order
    ORDER = codes(Queue, "order")

    @numba.njit
    def oldest_first(code):
        return code == ORDER.fifo

    assert oldest_first(choice("fifo", order))
    assert not oldest_first(choice("most-valued", order))


def numbers_in(tree):
    """Return the names that a module gives to integers that it writes out."""
    named = set()
    for node in tree.body:
        if isinstance(node, ast.Assign):
            values = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
            if all(isinstance(value, ast.Constant) and type(value.value) is int for value in values):
                named |= {name.id for target in node.targets for name in ast.walk(target) if isinstance(name, ast.Name)}
    return named


def compared_with_numbers(path):
    """Yield comparisons of a choice with a number that is written out, or with a name for one."""
    fields = {field for _, field in CHOICES}
    records = ("par.", "touch.", "link.", *(f"{name}." for name in MECHANISMS.values()))
    tree = ast.parse(path.read_text("utf-8"))
    named = numbers_in(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and isinstance(node.left, ast.Attribute):
            other = node.comparators[0]
            written = isinstance(other, ast.Constant) and type(other.value) is int
            number = written or (isinstance(other, ast.Name) and other.id in named)
            if number and node.left.attr in fields and ast.unparse(node.left).startswith(records):
                yield f"{path.name}:{node.lineno}: {ast.unparse(node)}"


def test_no_kernel_compares_a_choice_with_a_number(tmp_path):
    assert [found for path in sorted(ENGINE.rglob("*.py")) for found in compared_with_numbers(path)] == []
    bad = tmp_path / "bad.py"
    bad.write_text("_SALE, _USE = 1, 3\n\ndef f(touch, market):\n    return touch.stage == _SALE or market.pool == 1\n")
    assert len(list(compared_with_numbers(bad))) == 2


PROGRAM = """
import json, sys
from typing import Literal, get_args, get_origin
from flywheel_sim.scenario import schema
from flywheel_sim.scenario.fields import Block

def turn(block, seen):
    for field in block.model_fields.values():
        if get_origin(field.annotation) is Literal:
            field.annotation = Literal[tuple(reversed(get_args(field.annotation)))]
        for part in (field.annotation, *get_args(field.annotation)):
            if isinstance(part, type) and issubclass(part, Block) and part not in seen:
                seen.add(part)
                turn(part, seen)

if sys.argv[1] == "turned":
    turn(schema.ScenarioModel, set())
import flywheel_sim as fs
from flywheel_sim.engine.run import Simulation
told = {}
for name, changes in json.loads(sys.argv[2]).items():
    scenario = fs.load(changes.pop("extends")).with_(changes)
    simulation = Simulation([scenario.model], [(0, 3, 0)])
    simulation.advance()
    told[name] = simulation.arrays(0).weekly.tobytes().hex()
print(json.dumps(told))
"""
SMALL = {"extends": "b2b-two-teams", "horizon_weeks": 30, "market.accounts": 300, "market.initial_customers": 120}
COMPANIES = {
    "two teams": SMALL,
    "purchases": SMALL | {"contracts.kind": "non-contractual", "market.network": "ring", "market.pool": "constant"},
    "leaders": SMALL
    | {
        "leadership.enabled": True, "leadership.style": "command", "leadership.start": "vacant",
        "cadence.enabled": True, "cadence.themes": "offset", "word_of_mouth.normalise": "per_tie",
        "reactions.enabled": True, "reactions.noise": "given", "contracts.enabled": False,
        "market.churn.by": "voice", "journey.directions": "no_need", "market.start": "aligned",
    },
}  # fmt: skip


@pytest.mark.slow
def test_turning_every_list_of_choices_round_changes_no_bit():
    told = []
    for order in ("as written", "turned"):
        environment = os.environ | {"FLYWHEEL_CACHE": "off"}  # with a cache a second process helps, which turns nothing
        command = [sys.executable, "-c", PROGRAM, order, json.dumps(COMPANIES)]
        told.append(subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout)
    assert json.loads(told[0]) == json.loads(told[1])
    assert len(set(json.loads(told[0]).values())) == len(COMPANIES)
