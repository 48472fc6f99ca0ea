"""The complexity report of the code at the end, as `lizard --csv` prints it."""

from __future__ import annotations

from collections.abc import Mapping

from scaling_lib.demo.plan import Plan

FUNCTION_LINES = 24
USUAL_CCN, HOTSPOT_CCN = (1, 7), (9, 22)


def lizard_report(plan: Plan, lines: Mapping[str, int], hotspot: str) -> str:
    """Functions of the Python files: NLOC,CCN,token,PARAM,length,location,file,function,long_name,start,end."""
    rng = plan.rng("complexity")
    rows = []
    for path, length in sorted(lines.items()):
        if not path.endswith(".py"):
            continue
        for number, start in enumerate(range(1, max(2, length - FUNCTION_LINES + 2), FUNCTION_LINES)):
            end = min(start + FUNCTION_LINES - 2, length)
            ccn = int(rng.integers(*(HOTSPOT_CCN if path == hotspot else USUAL_CCN)))
            name, size = f"do_{number:02d}", end - start + 1
            place = f"{name}@{start}-{end}@{path}"
            rows.append(f'{size},{ccn},{7 * size},2,{size},"{place}","{path}","{name}","{name}( a, b )",{start},{end}')
    return "\n".join(rows) + "\n"
