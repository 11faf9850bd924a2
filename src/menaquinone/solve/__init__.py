"""Engines: from a model, people and doses to labelled results."""

from menaquinone.solve.cascade import Cascade
from menaquinone.solve.reference import Reference
from menaquinone.solve.simulate import simulate

__all__ = ["Cascade", "Reference", "simulate"]
