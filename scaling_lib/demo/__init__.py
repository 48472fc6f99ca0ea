"""A simulated system of any size, with known truth: what the example's simulated part, fleets and benchmarks use."""

from scaling_lib.demo.assessments import write_assessments
from scaling_lib.demo.generate import Demo, generate
from scaling_lib.demo.write import write

__all__ = ["Demo", "generate", "write", "write_assessments"]
