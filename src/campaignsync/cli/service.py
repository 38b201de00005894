"""worker, listen, serve: what runs for long. `serve` is all of it on one machine, in one process tree."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable
from typing import Annotated

import typer

from campaignsync.cli.session import opened_for_long
from campaignsync.runtime.supervisor import Supervisor
from campaignsync.runtime.telemetry import log, start_logs, start_traces

_SLACK_S = 10.0
"""What a part may need beyond the grace of its rounds."""
AtOnce = Annotated[
    int, typer.Option("--at-once", min=1, help="How many orgs this worker has rounds of at the same time.")
]
Grace = Annotated[
    float,
    typer.Option(
        min=0, help="Seconds that a round under way may take when told to stop; then it is handed over."
    ),
]


def add_to(app: typer.Typer) -> None:
    """Give the application these commands."""
    for command in (worker, listen, serve):
        app.command()(command)


def worker(context: typer.Context, at_once: AtOnce = 4, grace: Grace = 25.0) -> None:
    """Have the rounds of orgs as changes call for them, until stopped. Any number of workers may run, on any number of
    machines."""
    start_logs()
    start_traces("worker")
    with opened_for_long(context) as app:
        working = app.worker()

        def stop() -> None:
            working.stop.set()
            late = threading.Timer(grace, working.hands_over.set)
            late.daemon = True
            late.start()

        on_stop(stop)
        working.work(at_once=at_once)


def listen(context: typer.Context) -> None:
    """Hear the change events of all orgs and call for rounds, until stopped. Any number of listeners may run; they share the
    orgs."""
    start_logs()
    start_traces("listener")
    with opened_for_long(context) as app:
        listening = app.listener()
        on_stop(listening.stop.set)
        listening.listen()


def serve(
    context: typer.Context,
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port to serve the pages on.")] = 8080,
    host: Annotated[str, typer.Option(help="The address to serve the pages on.")] = "127.0.0.1",
    workers: Annotated[int, typer.Option(min=1, help="How many workers.")] = 1,
    grace: Grace = 25.0,
) -> None:
    """Run everything on this machine, until stopped: pages, workers, the listener, and the database where it is our own."""
    start_logs()
    with opened_for_long(context, migrate=True) as app:
        base = [sys.executable, "-m", "campaignsync.cli", "--data-dir", str(app.settings.data_dir)]
        parts = {"pages": [*base, "web", "--host", host, "--port", str(port)]}
        parts |= {"listener": [*base, "listen"]}
        parts |= {f"worker {n + 1}": [*base, "worker", "--grace", str(grace)] for n in range(workers)}
        tree = Supervisor(commands=parts, look_after=app.revive, grace_s=grace + _SLACK_S)
        on_stop(tree.stop.set)
        tree.run()


def on_stop(stop: Callable[[], None]) -> None:
    """Have this done when somebody asks us to stop: a service manager, a container, or Ctrl-C. Asking twice changes nothing."""
    asked = threading.Event()

    def heard(number: int, _: object) -> None:
        if not asked.is_set():
            asked.set()
            log().info("stopping", signal=signal.Signals(number).name)
            stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, heard)
