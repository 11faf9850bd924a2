"""How much memory a machine has left for this process, as far as it says."""

import os
from pathlib import Path

_ROOT = Path("/")
_NEW = ("sys/fs/cgroup", "memory.max", "memory.current", "inactive_file")
_OLD = ("sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
"""Of control groups of version 2 and 1: where they are, their files, and the memory in use that can be had back."""


def available() -> int | None:
    """Return how many bytes this process can still get, as far as the machine says; None where it does not."""
    known = [room for room in (_of_machine(), *_of_groups()) if room is not None]
    return max(0, min(known)) if known else None


def _of_machine() -> int | None:
    for line in _lines(_ROOT / "proc/meminfo"):
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return None


def _of_groups() -> list[int]:
    """Return the room that is left below every limit on the control groups of this process."""
    found = []
    for line in _lines(_ROOT / "proc/self/cgroup"):
        _, controllers, place = line.split(":", 2)
        if controllers and "memory" not in controllers.split(","):
            continue
        mount, limit, usage, idle = _OLD if controllers else _NEW
        folder = _ROOT / mount
        inside = [folder]
        for part in Path(place).parts[1:]:
            inside.append(inside[-1] / part)
        for each in inside:
            numbers = [_number(each / name) for name in (limit, usage)]
            if numbers[0] is not None and numbers[1] is not None:
                given_back = [int(row.split()[1]) for row in _lines(each / "memory.stat") if row.startswith(f"{idle} ")]
                found.append(numbers[0] - numbers[1] + sum(given_back))
    return found


def _number(path: Path) -> int | None:
    said = "".join(_lines(path)).strip()
    return int(said) if said.isdigit() else None


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="ascii").splitlines()
    except (OSError, ValueError):
        return []


__all__ = ["available"]
