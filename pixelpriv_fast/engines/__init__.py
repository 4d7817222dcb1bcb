"""What computes logits and input gradients: one protocol, chosen once. Importing this loads no framework."""

from .choose import auto_engines, load_engine
from .forward import ForwardEngine, rough_beside
from .protocol import ClassSets, GradientEngine, LogitEngine, ScoreEngine
from .scoring import load_score_engine

__all__ = [
    "ClassSets",
    "ForwardEngine",
    "GradientEngine",
    "LogitEngine",
    "ScoreEngine",
    "auto_engines",
    "load_engine",
    "load_score_engine",
    "rough_beside",
]
