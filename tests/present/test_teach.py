"""Pictures to teach with: they show themselves, say what they show, and refuse what is not there."""

import re
import xml.etree.ElementTree as ET

import pytest

import flywheel_sim as fs
from flywheel_sim import teach

FIRM = {"extends": "b2b-saas", "horizon_weeks": 26}


@pytest.fixture(scope="module")
def run():
    return fs.run(FIRM, seed=1)


def test_every_picture_is_sound_markup_with_a_text_alternative(run):
    lessons = [
        teach.wheel(run), teach.compass(run), teach.resultant(run, 13), teach.pay(FIRM), teach.tampering(),
        teach.firefighting(), teach.firefighting(load=0.8), teach.firefighting(load=1.6),
    ]  # fmt: skip
    for lesson in lessons:
        assert 1 <= len(lesson) <= 3
        for picture in lesson:
            root = ET.fromstring(picture.svg())
            assert root.attrib["aria-label"] == picture.caption and picture.caption.endswith(".")
            assert "http://" not in picture.svg().replace("http://www.w3.org/", "")
            assert picture.caption.split(":")[0] in picture._repr_html_()
    ids = [set(re.findall(r'\bid="([^"]+)"', p.svg())) for lesson in lessons for p in lesson]
    assert all(ids) and sum(map(len, ids)) == len(set.union(*ids)), "several pictures may stand in one page"


def test_pictures_are_the_same_file_each_time(tmp_path):
    first = [path.read_bytes() for path in teach.firefighting().save(tmp_path / "a")]
    again = [path.read_bytes() for path in teach.firefighting().save(tmp_path / "b")]
    assert first == again and len(first) == 2
    assert teach.tampering()[0].save(tmp_path / "one.png").read_bytes().startswith(b"\x89PNG")


def test_the_sum_of_the_arrows_is_what_the_caption_says(run):
    teams, need = run.arrays.teams[-1, :, 1:], run.arrays.need[-1]
    along = float((teams @ need).sum())
    assert f"along the need is {along:.1f} of 7" in teach.resultant(run)[1].caption


def test_what_is_not_there_is_refused(run):
    with pytest.raises(ValueError, match="week 27 is not in this run; its weeks are 1 to 26"):
        teach.compass(run, 27)
    with pytest.raises(ValueError, match="week 0"):
        teach.wheel(run, 0)
    with pytest.raises(ValueError, match="no measure of this scenario has a gradient"):
        teach.pay("hubspot")
