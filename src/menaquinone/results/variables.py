"""Plain arrays become a dataset without a search for other array libraries.

To compare the type of an array with theirs, xarray imports those that are installed when it is first given a plain one.
Variables and indexes that are made beforehand are taken as they are.
"""

from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import xarray

_PLAIN = "biufU"
"""Kinds of numbers and texts that need no conversion."""


def dataset(data: Mapping[str, Any], coords: Mapping[str, Any], attributes: Mapping[str, Any]) -> "xarray.Dataset":
    """Return what ``xarray.Dataset`` makes of the same arguments.

    Parameters
    ----------
    data, coords
        By name: dims, values and, if there are any, attributes.
    attributes
        Of the dataset.
    """
    import xarray

    variables, places = ({name: _variable(*one) for name, one in each.items()} for each in (data, coords))
    # what lies along a dimension of its own name is a coordinate, wherever it is given
    places = {name: variables.pop(name) for name in data if _dims(data[name][0]) == (name,)} | places
    plain = all(isinstance(one, xarray.Variable) for one in places.values())
    return xarray.Dataset(variables, _indexed(places) if plain else places, attributes)


def _indexed(places: "Mapping[str, xarray.Variable]") -> "xarray.Coordinates":
    """Give every coordinate along its own dimension an index."""
    import pandas as pd
    import xarray

    indexes, found = {}, dict(places)
    for name, one in places.items():
        if one.dims == (name,):
            index = xarray.indexes.PandasIndex(pd.Index(one.data), name, coord_dtype=one.dtype)
            indexes[name] = index
            found |= index.create_variables({name: one})
    return xarray.Coordinates(found, indexes)


def _dims(dims: str | Sequence[Hashable]) -> tuple[Hashable, ...]:
    return (dims,) if isinstance(dims, str) else tuple(dims)


def _variable(dims: str | Sequence[Hashable], values: Any, attributes: Mapping[str, Any] | None = None) -> Any:
    from xarray import Variable

    array, dims = np.asarray(values), _dims(dims)
    if array.dtype.kind not in _PLAIN:
        return dims, values, attributes
    return Variable(dims, array, attributes, fastpath=True)


__all__ = ["dataset"]
