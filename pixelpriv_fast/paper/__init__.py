"""The 2019 paper's experiment on any labelled photos: five runs, accuracy and NIMA of each, as a table and a figure."""

from .cases import Case, ablations, paper_cases, sweep
from .conduct import conduct, run5_labels
from .experiment import Experiment, RunRow, prepare, save_recipes
from .figure import draw_figure, draw_scatter
from .published import ORIGINALS, PUBLISHED
from .table import write_tables

__all__ = [
    "ORIGINALS",
    "PUBLISHED",
    "Case",
    "Experiment",
    "RunRow",
    "ablations",
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
