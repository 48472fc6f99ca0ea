"""YAML written so that every text comes back as it was."""

from __future__ import annotations

import math
from typing import Any

import yaml

LINE_ENDS = "\x85\u2028\u2029\ufeff"  # written bare, a reader would fold or drop them


class Block(str):
    """Text that is shown as a block of lines."""


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def yaml_text(*documents: Any) -> str:
    """Documents as YAML, keys in their order, without anchors and folded lines."""
    return str(
        yaml.dump_all(
            documents,
            Dumper=_Dumper,
            sort_keys=False,
            allow_unicode=True,
            width=math.inf,
            explicit_start=len(documents) > 1,
        )
    )


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = '"' if any(character in text for character in LINE_ENDS) else "|" if isinstance(text, Block) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", str(text), style=style)


_Dumper.add_representer(str, _text)
_Dumper.add_representer(Block, _text)
