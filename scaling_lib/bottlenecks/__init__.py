"""Step 04: what to fix, what is gained, what limits next; did the fix work?"""

from scaling_lib.bottlenecks.critical_path import CriticalPath, critical_path

__all__ = ["CriticalPath", "critical_path"]
