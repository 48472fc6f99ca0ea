"""Step 09: what first, what since the last time, and which pitfalls?"""

from scaling_lib.roadmap.compare import Comparison, compare
from scaling_lib.roadmap.read import Told, read_findings

__all__ = ["Comparison", "Told", "compare", "read_findings"]
