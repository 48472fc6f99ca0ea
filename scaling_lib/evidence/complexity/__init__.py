"""How complicated the code is, what is known to be wrong with it, and how much of it is tested."""

from scaling_lib.evidence.complexity.read import Complexity, ComplexitySource, read_complexity

__all__ = ["Complexity", "ComplexitySource", "read_complexity"]
