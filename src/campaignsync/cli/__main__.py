"""`python -m campaignsync.cli` is `campaignsync`: how `serve` starts the parts of its process tree."""

from __future__ import annotations

from campaignsync.cli.main import main

main()
