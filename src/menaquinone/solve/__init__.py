"""Engines: from a model, people and doses to labelled results."""

from menaquinone.solve.simulate import Cascade, Reference, simulate

__all__ = ["Cascade", "Reference", "simulate"]
