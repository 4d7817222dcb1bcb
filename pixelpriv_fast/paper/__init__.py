"""The 2019 paper's experiment on any labelled photos: accuracy and quality of five runs, as a table and a figure."""

from .cases import ExperimentCase, ablations, cases_of, paper_cases, sweep
from .conduct import conduct, run5_labels
from .experiment import CaseResult, Experiment, save_recipes
from .figure import draw_figure, draw_scatter
from .preparing import prepare
from .published import ORIGINALS, PUBLISHED
from .tables import write_tables

__all__ = [
    "ORIGINALS",
    "PUBLISHED",
    "CaseResult",
    "Experiment",
    "ExperimentCase",
    "ablations",
    "cases_of",
    "conduct",
    "draw_figure",
    "draw_scatter",
    "paper_cases",
    "prepare",
    "run5_labels",
    "save_recipes",
    "sweep",
    "write_tables",
]
