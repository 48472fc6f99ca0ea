"""One notebook in a process of its own: `python -P worker.py JOB.json`.

It reports in JSON lines on stdout: {"kernel": pid, 0 where the server ends it, "cold": why it was not forked},
{"cell": n}, and last
{"state": "ran"} or {"state": "failed", "error": paragraph}.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any, TextIO

OWN_ERRORS = ("ScalingError", "InvalidInput", "BrokenEvidence", "NotMeasured", "NotEnoughData")


def main() -> None:
    """Run the job and end; a failing cell is a result, not an error of the worker."""
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    lines = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # whatever the kernel's process prints goes beside the report lines, never between them
    signal.signal(signal.SIGTERM, _stop)
    _say(lines, **_execute(job, lines))


def _execute(job: dict[str, Any], lines: TextIO) -> dict[str, str]:
    # Papermill's imports reach for these and do without: what checks addresses (1 s) and durations (0.1 s) in schemas
    # other than a notebook's, which has neither, and Hadoop (0.2 s).
    for module in ("rfc3987_syntax", "rfc3986_validator", "isoduration", "pyarrow"):
        sys.modules.setdefault(module, None)  # type: ignore[arg-type]
    from nbclient.exceptions import CellTimeoutError, DeadKernelError
    from papermill import execute_notebook
    from papermill.exceptions import PapermillExecutionError

    done = 0

    def count(**_: Any) -> None:
        nonlocal done
        done += 1
        _say(lines, cell=done)

    try:
        execute_notebook(
            job["notebook"],
            job["output"],
            parameters=job["parameters"],
            engine_name=_engine(),
            kernel_name="python3",
            language="python",
            progress_bar=False,
            cwd=job["cwd"],
            execution_timeout=job["cell_timeout_s"],
            kernel_manager_class=_kernel_manager(job, lines),
            on_cell_executed=count,
            store_widget_state=False,
            shutdown_kernel="immediate",
        )
    except PapermillExecutionError as error:
        return {"state": "failed", "error": _paragraph(error.ename, error.evalue)}
    except CellTimeoutError:
        limit = job["cell_timeout_s"]
        return {
            "state": "failed",
            "error": f"A cell ran longer than {limit:g} s and was stopped; --cell-timeout allows more.",
        }
    except DeadKernelError:
        return {
            "state": "failed",
            "error": "The notebook's process was ended from outside, most often for want of memory.",
        }
    except Exception as error:
        return {"state": "failed", "error": _paragraph(type(error).__name__, str(error))}
    return {"state": "ran"}


def _engine() -> str:
    """The engine of papermill, but what it writes before and after every cell takes at most a tenth of the time.

    A notebook's end, whatever it is, is always written.
    """
    from papermill.engines import NBClientEngine, papermill_engines

    class Sparing(NBClientEngine):  # type: ignore[misc]
        @classmethod
        def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, **options: Any) -> Any:
            save, due = nb_man.save, 0.0

            def save_if_due(**said: Any) -> None:
                nonlocal due
                began = time.monotonic()
                if began >= due:
                    save(**said)
                    due = began + 10 * (time.monotonic() - began)

            nb_man.save = save_if_due
            try:
                return super().execute_managed_notebook(nb_man, kernel_name, **options)
            finally:
                del nb_man.save

    papermill_engines.register("sparing", Sparing)
    return "sparing"


def _kernel_manager(job: dict[str, Any], lines: TextIO) -> type:
    """Kernels of this very interpreter, whatever the user's `python3` kernelspec says, over ipc where there is one."""
    from jupyter_client.kernelspec import KernelSpec
    from jupyter_client.manager import AsyncKernelManager

    class Kernels(AsyncKernelManager):
        def __init__(self, **options: Any) -> None:
            if os.name == "posix":
                options |= {"transport": "ipc", "connection_file": str(Path(job["runtime"]) / "k.json")}
            super().__init__(**options)
            arguments = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
            chosen = {"provisioner_name": "scaling-warm", "config": {"server": job["server"]}} if job["server"] else {}
            self._kernel_spec = KernelSpec(
                argv=arguments, display_name="Python 3", language="python", metadata={"kernel_provisioner": chosen}
            )

        async def _async_post_start_kernel(self, **options: Any) -> None:
            await super()._async_post_start_kernel(**options)
            cold, forked = (getattr(self.provisioner, name, "") for name in ("cold", "forked"))
            _say(lines, kernel=0 if forked else getattr(self.provisioner, "pid", None), cold=cold)

        post_start_kernel = _async_post_start_kernel

    return Kernels


def _paragraph(ename: str, evalue: str) -> str:
    text = " ".join(evalue.split())
    return text if ename in OWN_ERRORS and text else f"{ename}: {text}"


def _stop(*_: object) -> None:
    raise SystemExit(143)  # so that the kernel is shut down on the way out


def _say(lines: TextIO, **said: Any) -> None:
    lines.write(json.dumps(said) + "\n")


if __name__ == "__main__":
    main()
