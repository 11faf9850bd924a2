"""The engine's records as compiled code holds them: by reference, so that handing one on costs one pointer.

Each is a copy of the named tuple of the same fields; compiled functions read their fields by name.
"""

from typing import Any

from numba import types
from numba.experimental import structref

from menaquinone.solve.program import Agenda, Crowd, Lanes, Plan, Program, Raw, Table, Tile, Work


class _Kind(types.StructRef):
    """A record's type."""

    def preprocess_fields(self, fields: Any) -> Any:
        """Drop what is known of values, keep what is known of types."""
        return tuple((name, types.unliteral(kind)) for name, kind in fields)


@structref.register
class ProgramKind(_Kind):
    """Type of :class:`ProgramStruct`."""


@structref.register
class AgendaKind(_Kind):
    """Type of :class:`AgendaStruct`."""


@structref.register
class CrowdKind(_Kind):
    """Type of :class:`CrowdStruct`."""


@structref.register
class TileKind(_Kind):
    """Type of :class:`TileStruct`."""


@structref.register
class PlanKind(_Kind):
    """Type of :class:`PlanStruct`."""


@structref.register
class WorkKind(_Kind):
    """Type of :class:`WorkStruct`."""


@structref.register
class TableKind(_Kind):
    """Type of :class:`TableStruct`."""


@structref.register
class LanesKind(_Kind):
    """Type of :class:`LanesStruct`."""


@structref.register
class RawKind(_Kind):
    """Type of :class:`RawStruct`."""


class ProgramStruct(structref.StructRefProxy):
    """:class:`menaquinone.solve.program.Program` by reference."""


class AgendaStruct(structref.StructRefProxy):
    """:class:`menaquinone.solve.program.Agenda` by reference."""


class CrowdStruct(structref.StructRefProxy):
    """:class:`menaquinone.solve.program.Crowd` by reference."""


class TileStruct(structref.StructRefProxy):
    """:class:`menaquinone.solve.program.Tile` by reference."""


class PlanStruct(structref.StructRefProxy):
    """:class:`menaquinone.solve.program.Plan` by reference."""


class WorkStruct(structref.StructRefProxy):
    """:class:`menaquinone.solve.program.Work` by reference."""


class TableStruct(structref.StructRefProxy):
    """:class:`menaquinone.solve.program.Table` by reference."""


class LanesStruct(structref.StructRefProxy):
    """:class:`menaquinone.solve.program.Lanes` by reference."""


class RawStruct(structref.StructRefProxy):
    """:class:`menaquinone.solve.program.Raw` by reference."""


KINDS: dict[Any, Any] = {
    Program: ProgramKind, Agenda: AgendaKind, Crowd: CrowdKind, Tile: TileKind, Plan: PlanKind, Work: WorkKind,
    Table: TableKind, Lanes: LanesKind, Raw: RawKind,
}  # fmt: skip
"""Type by reference of each record."""

for _record, _proxy in (
    (Program, ProgramStruct), (Agenda, AgendaStruct), (Crowd, CrowdStruct), (Tile, TileStruct), (Plan, PlanStruct),
    (Work, WorkStruct), (Table, TableStruct), (Lanes, LanesStruct), (Raw, RawStruct),
):  # fmt: skip
    structref.define_proxy(_proxy, KINDS[_record], list(_record._fields))
