"""What computes logits and input gradients: one protocol, chosen once. Importing this loads no framework."""

from .choose import auto_engines, load_engine
from .forward import ForwardEngine
from .protocol import ClassSets, GradientEngine, LogitEngine

__all__ = ["ClassSets", "ForwardEngine", "GradientEngine", "LogitEngine", "auto_engines", "load_engine"]
