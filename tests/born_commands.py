"""Bears `campaignsync` commands: a process that has loaded all that a command loads, and forks for each that it is told to run.

Started by `shell.BornShell`, with a data folder. A line of JSON on its standard input is a command: its arguments and the files
that become its standard output and errors; a line on its standard output is how it ended. It must never hold a connection to the
database when it forks, nor run what is about the start itself, such as `init`.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from pathlib import Path

from campaignsync.bootstrap import application
from campaignsync.cli.main import main as command
from campaignsync.settings import Settings


def main() -> None:
    """Run commands until there are no more."""
    with application(Settings(data_dir=Path(sys.argv[1]))):
        from django.db import connection

        connection.close()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        for line in sys.stdin:
            wish = json.loads(line)
            child = os.fork()
            if not child:
                live(wish["arguments"], wish["files"])
            _, status = os.waitpid(child, 0)
            sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
            sys.stdout.flush()


def live(arguments: list[str], files: list[str]) -> None:
    """The child's life: what the command's own file in the folder of programs does."""
    for number, file in enumerate([os.devnull, *files]):
        os.dup2(os.open(file, os.O_RDWR | os.O_CREAT), number)
    os.chdir("/")
    sys.argv = ["campaignsync", *arguments]
    code = 1
    try:
        command()
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main()
