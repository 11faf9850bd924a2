"""The machine's best, from ``peak.py``, as the compiler writes code by itself and with vectors of 512 bits."""

import peak as machine
from measure import Size


def measure(size: Size) -> dict:
    """Return operations and bytes a second."""
    found = machine.rates(quick=size.quick)
    found["operations_per_s_512"] = machine.wide(quick=size.quick)
    for name, one in found["operations_per_s"].items():
        wide = found["operations_per_s_512"].get(name, {})
        print(
            f"{name:20} {one['1'] / 1e9:7.1f} G/s on one core, {one['2'] / 1e9:7.1f} on two ({one['vector_bits']} bits)"
            + (f"; {wide['1'] / 1e9:7.1f} and {wide['2'] / 1e9:7.1f} ({wide['vector_bits']} bits)" if wide else ""),
            flush=True,
        )
    for level, one in found["bytes_per_s"].items():
        shown = ", ".join(f"{name} {each['1'] / 1e9:.0f} and {each['2'] / 1e9:.0f}" for name, each in one.items())
        print(f"{level:10} GB/s on one core and two: {shown}", flush=True)
    return found
