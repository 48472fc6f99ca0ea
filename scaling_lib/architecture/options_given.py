"""The options that assessment.yaml gives, for a terminal."""

from __future__ import annotations

from scaling_lib.architecture.hit_ratio import hit_ratio
from scaling_lib.assessment import Assessment
from scaling_lib.config_options import FIGURES, SIZES, ArchitectureOption
from scaling_lib.errors import ScalingError
from scaling_lib.words import listing, quantity


def options_given(system: Assessment) -> tuple[list[str], bool]:
    """Lines that say of each option what is given and what is assumed; and whether recorded keys cannot be used."""
    lines, broken = ["", "Options"], False
    for option in system.config.options:
        lines.append(f"  {option.title}: {', '.join([*_given(option), *_price(option, system)])}")
        if option.keys is not None:
            try:
                told = hit_ratio(system.folder, option.keys)
                lines.append(f"    hit ratio {told.figure}, from {told.said}")
            except ScalingError as error:
                lines.append(f"    BROKEN: {system.named_here(str(error))}")
                broken = True
    return (lines, broken) if system.config.options else ([], False)


def _given(option: ArchitectureOption) -> list[str]:
    known = [*option.figures, *(["hit_ratio"] if option.keys else [])]
    assumed = [name for name in FIGURES[option.pattern] if name not in known and name not in SIZES]
    return [option.pattern] + ([f"{listing(assumed)} assumed"] if assumed else [])


def _price(option: ArchitectureOption, system: Assessment) -> list[str]:
    if option.monthly_cost is None:
        return ["no monthly_cost of its own"]
    return [quantity(option.monthly_cost, f"{system.config.currency} a month".strip())]
