"""What can be dosed: forms of vitamin K and their antagonists, under one roof for those who do not care which."""

from menaquinone.catalogue.antagonists import ANTAGONISTS, Antagonist
from menaquinone.catalogue.forms import FORMS, Form
from menaquinone.errors import unknown

Substance = Form | Antagonist

SUBSTANCES: dict[str, Substance] = {**FORMS, **ANTAGONISTS}
"""Every built-in substance by name."""


def substance(name: str | Substance) -> Substance:
    """Return a form or an antagonist by its name; a record is handed back as it is.

    Parameters
    ----------
    name
        ``"MK-7"``, ``"warfarin"``, or a record of one's own.

    Raises
    ------
    UnknownNameError
        If there is none of that name.
    """
    if isinstance(name, (Form, Antagonist)):
        return name
    if name not in SUBSTANCES:
        raise unknown("form or antagonist", name, SUBSTANCES)
    return SUBSTANCES[name]


__all__ = ["SUBSTANCES", "Substance", "substance"]
