"""Who computes logits and input gradients: one protocol, chosen once. Importing this loads no framework."""

from .choose import ENGINE_WORDS, load_engine, ranks
from .forward import ForwardEngine
from .protocol import ClassSets, GradientEngine

__all__ = ["ENGINE_WORDS", "ClassSets", "ForwardEngine", "GradientEngine", "load_engine", "ranks"]
