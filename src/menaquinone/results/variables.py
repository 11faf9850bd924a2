"""Plain arrays become a dataset without a search for other array libraries.

To compare the type of an array with theirs, xarray imports those that are installed when it is first given a plain one.
Variables that are made beforehand are taken as they are; indexes xarray makes of them.
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
    return xarray.Dataset(variables, places, attributes)


def _variable(dims: str | Sequence[Hashable], values: Any, attributes: Mapping[str, Any] | None = None) -> Any:
    from xarray import Variable

    array, dims = np.asarray(values), (dims,) if isinstance(dims, str) else tuple(dims)
    if array.dtype.kind not in _PLAIN:
        return dims, values, attributes
    return Variable(dims, array, attributes, fastpath=True)


__all__ = ["dataset"]
