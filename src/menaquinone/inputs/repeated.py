"""The same people at several points of a design: what differs between points is given, their draws are shared."""

from collections.abc import Collection, Mapping

import numpy as np

from menaquinone.inputs.columns import Column, becomes_covariate
from menaquinone.inputs.consequences import changed
from menaquinone.inputs.population import Population


def repeated(
    people: Population,
    times: int,
    *,
    columns: Mapping[str, np.ndarray],
    values: Mapping[str, np.ndarray],
    diet: Mapping[str, np.ndarray],
    wanted: Collection[str],
) -> Population:
    """Return everybody at every point: point after point, the people in their order.

    Parameters
    ----------
    people
        Who are there.
    times
        Points.
    columns, values, diet : arrays (times,)
        Columns that have one value for all at a point, with all that follows from them; parameters likewise, in their
        declared unit, whatever value the people had of them, or (times, n) one value for each; habitual intakes, ug/d.
    wanted
        Parameters of the model; factors on others are left out.

    Returns
    -------
    Population
        Of ``times * n``, under new ids, with the draws of the person that each of them is. Of the table, what becomes
        a covariate.
    """
    n = people.n

    def each(at_points: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        return {name: array.ravel() if array.ndim > 1 else np.repeat(array, n) for name, array in at_points.items()}

    def everywhere(of_people: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        return {name: np.tile(array, times) for name, array in of_people.items()}

    new = each(columns)
    new_factors, new_values, new_diet = changed(people, new, times)
    kept = {name: array for name, array in people.factors.items() if name in wanted and name not in new_factors}
    own = {
        name: array for name, array in people.values.items()
        if name in wanted and name not in new_values and name not in values
    }  # fmt: skip
    eaten = {name: array for name, array in people.diet.items() if name not in diet and name not in new_diet}
    table = {
        name: Column(new[name] if name in new else np.tile(column.values, times), column.unit, column.long_name, "")
        for name, column in people.table.items()
        if becomes_covariate(name)
    }
    return Population(
        people.name,
        np.arange(times * n),
        people.seed,
        everywhere(kept) | {name: array for name, array in new_factors.items() if name in wanted},
        everywhere(own) | {name: array for name, array in new_values.items() if name in wanted} | each(values),
        everywhere(eaten) | new_diet | each(diet),
        table,
        drawn_as=np.tile(people.ids if people.drawn_as is None else people.drawn_as, times),
    )


__all__ = ["repeated"]
