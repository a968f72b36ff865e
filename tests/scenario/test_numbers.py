"""Numbers as people write them: read, or refused with what they can only mean; never guessed."""

import pytest
from click.testing import CliRunner

from flywheel_sim.cli import flywheel
from flywheel_sim.scenario import ScenarioError, load
from flywheel_sim.scenario.numbers import Unreadable, amount, decimal_of, number, share
from flywheel_sim.scenario.reading import parse


@pytest.mark.parametrize(
    ("text", "decimal", "value"),
    [
        ("12", "", 12.0), ("-.5", "", -0.5), ("1e6", "", 1e6), ("11.584", "", 11.584), ("1,234,567", "", 1234567.0),
        ("250,000.50", "", 250000.5), ("10_000", "", 10000.0), ("12 345", "", 12345.0), ("\u22123", "", -3.0),
        ("11.584", ",", 11584.0), ("11,584", ",", 11.584), ("1.234,5", ",", 1234.5), ("1.234.567", ",", 1234567.0),
        ("11,584", ".", 11584.0), ("11.584", ".", 11.584),
    ],
)  # fmt: skip
def test_what_can_only_be_one_number_is_read(text: str, decimal: str, value: float) -> None:
    assert number(text, decimal) == value


@pytest.mark.parametrize(
    ("reader", "text", "near"),
    [
        (number, "1,05", "1.05"), (number, "0,105", "0.105"), (number, "1.234,56", "1234.56"), (number, "1,050", None),
        (number, "1.234.567", None), (number, "1,2,3", None), (number, "", None), (number, "nan", None),
        (number, "1e400", None), (number, "\u0663", None), (amount, "0,25m", "0.25m"), (amount, "250,000", None),
        (amount, "1,234k", None), (amount, "10%", None), (amount, "$-3", None), (share, "12,5%", "12.5%"),
        (share, "5k", None),
    ],
)  # fmt: skip
def test_everything_else_is_refused(reader, text: str, near: str | None) -> None:
    with pytest.raises(Unreadable) as caught:
        reader(text)
    assert caught.value.near == near


def test_a_table_shows_its_decimal_sign_or_is_asked() -> None:
    assert decimal_of(["11.584", "0.631", "x"]) == decimal_of(["11.584", "11.5"]) == decimal_of(["12"]) == "."
    for cells, said in (
        (["11.584", "1.050"], "'11.584' may be 11.584 or 11584"),
        (["1.5", "1,5"], "'1,5' has a decimal comma"),
        (["1.5", "1,500"], "'1,500' may be 1500 or 1.5"),
        (["1.234.567"], "points between thousands"),
        (["1,234.5"], "a comma between thousands"),
    ):
        with pytest.raises(Unreadable, match=said):
            decimal_of(cells)


@pytest.mark.parametrize(
    ("path", "text", "near"),
    [
        ("market.price", "1,05", "1.05"), ("market.price", "1,050", None), ("market.price", "10%", None),
        ("market.price", "105k", "105000"), ("market.churn.mean", "10%", "0.1"),
        ("market.churn.mean", "12,5 %", "0.125"), ("market.accounts", "10_000", "10000"),
    ],
)  # fmt: skip
def test_a_text_in_place_of_a_number_is_refused_with_what_it_means(path: str, text: str, near: str | None) -> None:
    with pytest.raises(ScenarioError) as caught:
        load("b2b-saas").with_({path: text})
    assert caught.value.problems[0].suggestion == near


@pytest.mark.parametrize(
    ("words", "command"),
    [
        (["--set", "market.churn.mean=10%"], "--set market.churn.mean=0.1"),
        (["--set", "market.price=1,05"], "--set market.price=1.05"),
        (["--indifference", "0,25m"], "--indifference 0.25m"),
        (["--indifference=0,25m"], "--indifference=0.25m"),
        (["--precision", "1,5k"], "--precision 1.5k"),
        (["--best", "--confidence", "95"], "--best --confidence 95%"),
    ],
)
def test_the_command_that_is_offered_is_the_same_with_the_number_mended(words: list[str], command: str) -> None:
    done = CliRunner().invoke(flywheel, ["compare", "b2b-saas", "nps-pay", *words])
    assert done.exit_code == 2 and done.stdout == ""
    assert done.stderr.splitlines()[-1] == f"try: flywheel compare b2b-saas nps-pay {command}"


@pytest.mark.parametrize(("text", "read"), [("[1, 05]", [1, 5]), ("[1,5]", [1, 5]), ("[0.8,1.05]", [0.8, 1.05])])
def test_a_list_that_can_only_be_one_list_is_read(text: str, read: list[float]) -> None:
    assert [item.value for item in parse(f"a: {text}").value["a"].value] == read


@pytest.mark.parametrize("text", ["[1,05]", "[1,05, 1,10]", "{values: [0,08]}", "[[-2,00]]"])
def test_a_decimal_comma_in_a_list_is_asked_for(text: str) -> None:
    with pytest.raises(ScenarioError, match="may be two numbers or a decimal comma: write"):
        parse(f"a: {text}")


def test_a_per_cent_is_a_share_where_a_share_is_asked_for() -> None:
    from flywheel_sim.commands.amounts import AMOUNT, Share

    assert Share(0.5, 0.9999).convert("99%", None, None) == 0.99 and AMOUNT.convert("$0.25m", None, None) == 250_000.0
    done = CliRunner().invoke(flywheel, ["compare", "b2b-saas", "nps-pay", "--indifference", "250,000"])
    assert done.exit_code == 2 and "250000 with a comma between thousands, or 250.000" in done.stderr
