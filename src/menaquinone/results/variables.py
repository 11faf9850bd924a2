"""Plain arrays become a dataset without a search for other array libraries.

To compare the type of an array with theirs, xarray imports those that are installed when it is first given a plain one:
up to half a second in a new process. Variables and indexes that are made beforehand are taken as they are.
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

    variables, places = ({name: _variable(name, *one) for name, one in each.items()} for each in (data, coords))
    return xarray.Dataset(variables, places, attributes)


def _variable(
    name: str, dims: str | Sequence[Hashable], values: Any, attributes: Mapping[str, Any] | None = None
) -> Any:
    import pandas as pd
    from xarray import IndexVariable, Variable
    from xarray.core.indexing import PandasIndexingAdapter

    array = np.asarray(values)
    if array.dtype.kind not in _PLAIN:
        return dims, values, attributes
    dims = (dims,) if isinstance(dims, str) else tuple(dims)
    if dims == (name,):
        index = PandasIndexingAdapter(pd.Index(array), array.dtype)
        return IndexVariable(dims, index, attributes, fastpath=True)  # type: ignore[no-untyped-call]
    return Variable(dims, array, attributes, fastpath=True)


__all__ = ["dataset"]
