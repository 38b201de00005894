"""The command `salesforce-sandbox`: a small Salesforce on this machine, ready in a second, gone when stopped."""

import json
from pathlib import Path
from typing import Annotated

import typer

from salesforce_sandbox.org.seeds.demo import demo
from salesforce_sandbox.server import Listener, make_sandbox
from salesforce_sandbox.wire.sandbox import Beginning, Sandbox


def run(
    port: Annotated[int, typer.Option(help="Port of the HTTP listener; 0 takes a free one.")] = 8025,
    seed: Annotated[str, typer.Option(help="demo, empty, or a JSON file.")] = "demo",
    latency_ms: Annotated[float, typer.Option(help="How much longer each answer takes.")] = 0,
    snapshot: Annotated[
        Path | None, typer.Option(help="Start from this file if it is there, instead of the seed.")
    ] = None,
    faults: Annotated[Path | None, typer.Option(help="A JSON file of fault rules.")] = None,
) -> None:
    """Serves a Salesforce org of your own until you stop it."""
    sandbox = make_sandbox(Beginning(seed=_document(seed), snapshot=snapshot))
    if faults:
        stated = json.loads(faults.read_text("utf-8"))
        sandbox.faults.set(stated["rules"], stated.get("seed"))
    listener = Listener(sandbox, port, latency_ms)
    listener.run(lambda: _announce(sandbox, listener.url))


def _document(seed: str) -> dict[str, object]:
    if seed in ("demo", "empty"):
        return demo() if seed == "demo" else {}
    file = Path(seed)
    if not file.exists():
        message = f"--seed is demo, empty or a JSON file, and there is no file {seed}"
        raise typer.BadParameter(message)
    document: dict[str, object] = json.loads(file.read_text("utf-8"))
    return document


def _announce(sandbox: Sandbox, url: str) -> None:
    known = sandbox.known()
    # The first line is for programs; they read it to learn that the sandbox listens, and where.
    typer.echo(f"ready {url}")
    typer.echo(f"  org            {known['org_id']}, kept in memory only")
    typer.echo(f"  user           {known['username']} / {known['password']}")
    typer.echo(f"  connected app  {known['client_id']} / {known['client_secret']}")
    typer.echo(
        f"  look inside    curl {url}/sandbox   curl {url}/sandbox/calls   curl {url}/sandbox/switches"
    )


def main() -> None:
    """The console script."""
    typer.run(run)
