"""Load tests of Locust, k6, JMeter, Vegeta, HdrHistogram and plain tables, in one form."""

from scaling_lib.evidence.load_tests.parts import ALL, LoadTest, Sign
from scaling_lib.evidence.load_tests.read import LoadTests, read_load_tests
from scaling_lib.evidence.load_tests.source import LoadSource

__all__ = ["ALL", "LoadSource", "LoadTest", "LoadTests", "Sign", "read_load_tests"]
