"""The gradients for the logits that the backward graphs start from, as nodes.

A classifier's: L = log sum(exp z outside S) - log sum(exp z inside S) is the log-odds of leaving the accepted set S. Its gradient
dL/dz = softmax(z over the others) - softmax(z over S) is the cross entropy's seed, softmax(z) - (softmax of S), divided
by the probability of the others: the same direction for each photo, but no underflow where that probability has one.

A scorer's: the mean rating s = sum of i p_i over the ratings i = 1 .. n, p = softmax(z). Its gradient is ds/dz_i = p_i (i - s).
"""

from __future__ import annotations

import numpy as np

from .emission import Emitter
from .ir import Graph

#: Logits are taken relative to the largest and cut at FLOOR; classes that are masked out lie at MASKED. Both fit half
#: precision, and exp(MASKED - FLOOR) is 0 in every precision.
FLOOR = -20000.0
MASKED = -60000.0


def log_odds_seed(graph: Graph, logits: str, accepted: str) -> str:
    """Append the seed: the gradient of the log-odds for the logits.

    Each half sums to 1 where its set has a class, and is 0 where it has none (an unused row of the batch).

    Parameters
    ----------
    graph : Graph
        Receives the nodes.
    logits : str
        The logits, (n, classes).
    accepted : str
        The mask of the classes to leave, (n, classes), 0 or 1.

    Returns
    -------
    str
        The seed, (n, classes).
    """
    graph.scope = "seed"
    emit = Emitter(graph)
    inside = emit.op("Greater", accepted, emit.array(0.5, accepted))
    relative = emit.sub(logits, emit.op("ReduceMax", logits, emit.ints(1), keepdims=1))
    level = emit.op("Max", relative, emit.array(FLOOR, relative))
    masked = emit.array(MASKED, level)
    within = emit.op("Softmax", emit.where(inside, level, masked), axis=1)
    outside = emit.op("Softmax", emit.where(inside, masked, level), axis=1)
    zero = emit.array(0.0, level)
    seed = emit.sub(emit.where(inside, zero, outside), emit.where(inside, within, zero))
    graph.scope = ""
    return seed


def rating_seed(graph: Graph, logits: str) -> str:
    """Append the seed: the gradient of the mean rating for the logits.

    Parameters
    ----------
    graph : Graph
        Receives the nodes.
    logits : str
        The logits of the ratings 1 .. n, (photos, n).

    Returns
    -------
    str
        The seed, (photos, n); each row sums to 0.
    """
    graph.scope = "seed"
    emit = Emitter(graph)
    probabilities = emit.op("Softmax", logits, axis=1)
    ratings = emit.array(np.arange(1, emit.shape(logits)[1] + 1), logits)
    mean = emit.sum(emit.mul(probabilities, ratings), [1])
    seed = emit.mul(probabilities, emit.sub(ratings, mean))
    graph.scope = ""
    return seed
