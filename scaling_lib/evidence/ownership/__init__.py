"""Which team owns which file: CODEOWNERS."""

from scaling_lib.evidence.ownership.codeowners import Rule
from scaling_lib.evidence.ownership.read import Ownership, OwnershipSource, read_ownership

__all__ = ["Ownership", "OwnershipSource", "Rule", "read_ownership"]
