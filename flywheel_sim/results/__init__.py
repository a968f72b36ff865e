"""What a run returns, what many runs come to, where they come from, and how they are kept."""

from flywheel_sim.results.outcomes import Outcomes
from flywheel_sim.results.paired import Verdict
from flywheel_sim.results.provenance import Provenance
from flywheel_sim.results.run import Run, open_run
from flywheel_sim.results.saving import ResultError
from flywheel_sim.results.summary import SUMMARY

__all__ = ["SUMMARY", "Outcomes", "Provenance", "ResultError", "Run", "Verdict", "open_run"]
