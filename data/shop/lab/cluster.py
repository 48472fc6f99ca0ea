"""A private PostgreSQL in a temporary folder, reached by its socket alone."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg

# No parallel workers: a scan then costs the same on every machine, and one backend is one process of the processor.
OPTIONS = (
    "-c listen_addresses='' -c fsync=off -c timezone=UTC -c max_parallel_workers_per_gather=0 -c max_connections=700"
)


@contextmanager
def running_postgres(prefix: Sequence[str] = ()) -> Iterator[tuple[int, Path]]:
    """Start it, by a command behind `prefix`: its postmaster's process id, and the folder of its socket."""
    programs = postgres_programs()
    # A socket's path is short by law (107 bytes), so it cannot lie under a folder of the user's choice.
    folder = Path(f"/tmp/shop-lab-{os.getpid()}")
    folder.mkdir(mode=0o700)
    as_user: list[str] = []
    if os.getuid() == 0:  # PostgreSQL refuses to run as root
        user = "postgres" if any(entry.pw_name == "postgres" for entry in pwd.getpwall()) else "nobody"
        shutil.chown(folder, user)
        as_user = ["runuser", "-u", user, "--"]
    data = folder / "data"
    try:
        subprocess.run(
            [*as_user, programs / "initdb", "-D", data, "-U", "shop", "-A", "trust", "--no-sync", "-E", "UTF8"],
            check=True,
            capture_output=True,
            cwd="/",
        )
        options = f"{OPTIONS} -c unix_socket_directories={folder}"
        control = [*prefix, *as_user, programs / "pg_ctl", "-D", data, "-w", "-t", "30"]
        subprocess.run(
            [*control, "-l", folder / "log", "-o", options, "start"],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd="/",
        )
        try:
            with psycopg.connect(f"host={folder} user=shop dbname=postgres", autocommit=True) as connection:
                connection.execute("CREATE DATABASE shop")
            yield int((data / "postmaster.pid").read_text().splitlines()[0]), folder
        finally:
            subprocess.run([*control, "-m", "immediate", "stop"], check=False, stdout=subprocess.DEVNULL, cwd="/")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def postgres_programs() -> Path | None:
    """The folder of PostgreSQL's server programs, None where they are not installed."""
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    found = shutil.which("initdb")
    return places[-1].parent if places else Path(found).parent if found else None
