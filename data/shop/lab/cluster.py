"""A private PostgreSQL in a temporary folder, reached by its socket alone."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from together import ends_with_parent

# No parallel workers: a scan then costs the same on every machine, and one backend is one process of the processor.
OPTIONS = {
    "listen_addresses": "",
    "fsync": "off",
    "timezone": "UTC",
    "max_parallel_workers_per_gather": "0",
    "max_connections": "700",
}


@contextmanager
def running_postgres(prefix: Sequence[str] = ()) -> Iterator[tuple[int, Path]]:
    """Start it, by a command behind `prefix`: its postmaster's process id, and the folder of its socket."""
    programs = postgres_programs()
    # A socket's path is short by law (107 bytes), so it cannot lie under a folder of the user's choice.
    folder = Path(f"/tmp/shop-lab-{os.getpid()}")
    folder.mkdir(mode=0o700)
    other: dict[str, Any] = {}
    if os.getuid() == 0:  # PostgreSQL refuses to run as root
        users = {entry.pw_name: entry for entry in pwd.getpwall()}
        user = users.get("postgres") or users["nobody"]
        shutil.chown(folder, user.pw_uid)
        other = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    data = folder / "data"
    try:
        initdb = [programs / "initdb", "-D", data, "-U", "shop", "-A", "trust", "--no-sync", "-E", "UTF8"]
        subprocess.run(initdb, check=True, capture_output=True, cwd="/", **other)
        said = OPTIONS | {"unix_socket_directories": str(folder)}
        options = [part for name, value in said.items() for part in ("-c", f"{name}={value}")]
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(  # not by pg_ctl, whose server would outlive whoever started it
                [*prefix, programs / "postgres", "-D", data, *options],
                stdout=log, stderr=log, cwd="/", **other, preexec_fn=ends_with_parent(signal.SIGQUIT),
            )  # fmt: skip
        try:
            with _connected(folder, server) as connection:
                connection.execute("CREATE DATABASE shop")
            yield server.pid, folder
        finally:
            server.send_signal(signal.SIGQUIT)  # at once: nothing of it is kept
            server.wait(30)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _connected(folder: Path, server: subprocess.Popen[bytes], seconds: float = 30) -> psycopg.Connection:
    end = time.monotonic() + seconds
    while server.poll() is None and time.monotonic() < end:
        try:
            return psycopg.connect(f"host={folder} user=shop dbname=postgres", autocommit=True)
        except psycopg.OperationalError:  # it is starting
            time.sleep(0.1)
    raise SystemExit(f"PostgreSQL did not start within {seconds:.0f} s: {(folder / 'log').read_text()[-800:]}")


def postgres_programs() -> Path | None:
    """The folder of PostgreSQL's server programs, None where they are not installed."""
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    found = shutil.which("initdb")
    return places[-1].parent if places else Path(found).parent if found else None
