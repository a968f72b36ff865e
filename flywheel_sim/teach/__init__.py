"""Pictures to teach with, one idea each, in steps: they show themselves in a notebook, and say what they show.

Every function returns a :class:`Lesson`: pictures with a caption and a text alternative, in the order in which a
teacher would draw them.  In a notebook the last line of a cell is enough; ``lesson[0]`` is one picture,
``lesson.save(folder)`` writes them all.

Examples
--------
>>> from flywheel_sim import teach
>>> lesson = teach.firefighting(load=1.1)
>>> len(lesson), lesson[0].caption
(2, 'Capability falls back to nothing below 0.13, and settles at 0.77 above it.')
"""

from flywheel_sim.teach.causes import firefighting
from flywheel_sim.teach.picture import Lesson, Picture
from flywheel_sim.teach.scores import pay, tampering
from flywheel_sim.teach.vectors import compass, resultant
from flywheel_sim.teach.wheel import wheel

__all__ = ["Lesson", "Picture", "compass", "firefighting", "pay", "resultant", "tampering", "wheel"]
