"""YAML 1.2, positions, and everything refused."""

import pytest

from flywheel_sim.scenario.errors import ScenarioError
from flywheel_sim.scenario.reading import MAX_BYTES, parse, parse_value, plain, read, scalar


def said(text: str) -> list[str]:
    with pytest.raises(ScenarioError) as caught:
        parse(text, "f")
    return [str(problem) for problem in caught.value.problems]


def test_scalars_are_yaml_1_2():
    text = "a: no\nb: 1e6\nc: 010\nd: 0o17\ne: 0x1F\nf: ~\ng: True\nh: '1'\ni: 12:30\nj: 2020-01-01\nk: 1_000\nl: .5"
    values = plain(parse(text))
    assert values == {
        "a": "no", "b": 1e6, "c": 10, "d": 15, "e": 31, "f": None, "g": True, "h": "1", "i": "12:30",
        "j": "2020-01-01", "k": "1_000", "l": 0.5,
    }  # fmt: skip


def test_every_key_and_value_knows_its_place():
    root = parse("a:\n  b: 1\n  c: [x, {d: 2}]\n", "f")
    inner = root.value["a"].value
    assert (inner["b"].key.line, inner["b"].key.column) == (2, 3)
    assert inner["b"].place[1:] == (2, 6)
    assert inner["c"].value[1].value["d"].place == ("f", 3, 14)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "f:1:1: the file is empty"),
        ("# only words\n", "f:1:1: the file is empty"),
        ("a: &x 1", "f:1:4: a: anchors are not allowed (&x): write the value out"),
        ("a: !!str 1", "f:1:4: a: tags are not allowed (tag:yaml.org,2002:str): write a plain value"),
        ("a: 1\n<<: {b: 1}", "f:2:1: <<: merge keys are not allowed: write the entries out, or use extends"),
        ("a: 1\nb: 2\na: 3", "f:3:1: a: given twice, first on line 1"),
        ("a: {b: 1, b: 2}", "f:1:11: a.b: given twice, first on line 1"),
        ("a: .nan", "f:1:4: a: expected a finite number, got .nan"),
        ("a: -.inf", "f:1:4: a: expected a finite number, got -.inf"),
        ("a: 1e999", "f:1:4: a: expected a finite number, got 1e999"),
        ("a: 1\n---\nb: 2", "f:3:1: expected one document, got a second after '---'"),
        ("a: [1, 2", "f:1:9: not valid YAML: expected ',' or ']', but got '<stream end>'"),
        (
            "a: 1\n b: 2",
            "f:2:3: not valid YAML: a ':' where no name can stand; check the indentation, or quote the text",
        ),
        ("a:\n\tb: 2", "f:2:1: not valid YAML: a tab; indent with blanks"),
        ("a: \x01", "f: not valid YAML: unacceptable character #x0001: special characters are not allowed"),
    ],
)
def test_refusals_say_where(text, message):
    assert said(text) == [message]


def test_all_findings_of_a_file_come_together():
    assert len(said("a: &x 1\nb: *x\nb: 2\nc: .inf\n")) == 4


def test_a_billion_laughs_do_not_expand():
    text = "a: &a [x, x]\n" + "".join(f"{c}: &{c} [*{p}, *{p}]\n" for p, c in zip("abcdefgh", "bcdefghi", strict=True))
    found = said(text)
    assert len(found) == 9 + 16 and all("not allowed" in line for line in found)


@pytest.mark.parametrize("text", ["a: " + "[" * 5000, "a: " + "{b: " * 5000, "? " * 500])
def test_deep_nesting_is_refused_not_a_crash(text):
    assert said(text)


def test_files_that_cannot_be_read(tmp_path):
    big = tmp_path / "big.yaml"
    big.write_text("# x\n" * (MAX_BYTES // 4 + 1), encoding="utf-8")
    latin = tmp_path / "latin.yaml"
    latin.write_bytes(b"a: 1\nb: \xe9\n")
    for path, message in [
        (big, "big: larger than 500 kB, the most a file may have: leave defaults out, or extend another"),
        (latin, "big:2: expected UTF-8 text, got other bytes"),
        (tmp_path, "big: expected a file, got a folder or a device"),
        (tmp_path / "none.yaml", "big: no such file"),
    ]:
        with pytest.raises(ScenarioError) as caught:
            read(path, "big")
        assert str(caught.value) == message


def test_values_from_a_command_line():
    assert parse_value("12", "x") == 12
    assert parse_value("{a: 1, b: [no, 2.5]}", "x") == {"a": 1, "b": ["no", 2.5]}
    assert parse_value("", "x") == ""
    with pytest.raises(ScenarioError, match=r"^x: expected a finite number"):
        parse_value(".inf", "x")


def test_numbers_too_long_for_anything():
    with pytest.raises(ValueError, match="5000 digits"):
        scalar("9" * 5000)
