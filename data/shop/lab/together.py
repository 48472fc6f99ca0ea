"""Processes that end with whoever started them, however that one ends."""

from __future__ import annotations

import ctypes
import os
import signal
from collections.abc import Callable

PR_SET_PDEATHSIG = 1  # linux/prctl.h; see prctl(2)
_libc = ctypes.CDLL(None, use_errno=True)  # found before the fork, where little may be done


def ends_with_parent(how: signal.Signals = signal.SIGTERM) -> Callable[[], None]:
    """What a new process does first (`preexec_fn` of Popen): ask Linux for the signal `how` when its parent is gone.

    It holds through exec, and through a change of user that was made before.
    """
    parent = os.getpid()

    def ask() -> None:
        if _libc.prctl(PR_SET_PDEATHSIG, int(how)) or os.getppid() != parent:  # gone already
            os._exit(1)

    return ask
