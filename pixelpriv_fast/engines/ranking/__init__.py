"""Rough answers that rank the candidates of the rotation search; ``attacks/euclidean.py`` states the idea.

A file for each question of the engine's side:

* ``protocol``: what a ranker promises, and where an engine offers one (``ranker_of``).
* ``decision``: how wrong are rough answers within one photo, and does ranking in 8 bits pay for this network here? The
  figures are measured once on ``synthetic_photos``, and the decision is kept beside the model.
* ``ranker``: the network compiled in the precision that was decided.
"""

from .protocol import OffersRanker, Ranks, ranker_of

__all__ = ["OffersRanker", "Ranks", "ranker_of"]
