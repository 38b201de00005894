"""Backups: the whole database as one file, and back again into an empty one, by PostgreSQL's own programs.

Called by the command line. The programs come with the wheel of the embedded server and speak to any server that is not newer.
What happened after a backup is not lost with it: the next round finds it in Salesforce and takes it for the edits that they
are.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from campaignsync.domain.errors import UsageError
from campaignsync.runtime.embedded_postgres import BINARIES


def back_up(url: str, file: Path) -> int:
    """Write the database of a URL into a file, whole or not at all; its size in bytes."""
    fresh = file.with_name(f"{file.name}.{os.getpid()}")
    try:
        fresh.touch(mode=0o600)
        _call("pg_dump", url, "--format=custom", "--no-owner", "--no-privileges", f"--file={fresh}")
        fresh.replace(file)
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error.strerror}.") from None
    finally:
        fresh.unlink(missing_ok=True)
    return file.stat().st_size


def bring_back(url: str, file: Path) -> None:
    """Read a backup into the empty database of a URL, all of it or nothing."""
    if not file.is_file():
        raise UsageError(f"There is no file {file}.")
    options = ("--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction")
    _call("pg_restore", url, *options, str(file))


def _call(program: str, url: str, *arguments: str) -> None:
    """Run one of the programs; the password travels by the environment, where no list of processes shows it."""
    parts = urlsplit(url)
    bare = urlunsplit(parts._replace(netloc=parts.netloc.replace(f":{parts.password}@", "@")))
    environment = {**os.environ, **({"PGPASSWORD": parts.password} if parts.password else {})}
    done = subprocess.run(  # noqa: S603 - the wheel's own binary, and arguments of ours.
        [str(BINARIES / program), f"--dbname={bare}", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    if done.returncode:
        raise UsageError(f"{program} did not work: {done.stderr.strip()[-500:]}")
