"""`python -m campaignsync.cli`: the command, for whoever starts it as a module."""

from __future__ import annotations

from campaignsync.cli.main import main

if __name__ == "__main__":
    main()
