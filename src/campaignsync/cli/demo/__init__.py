"""The demo: a real registrant list, a real database, a sandbox org on the real protocols, and no tricks.

It types the very commands a person would, shows each with what it printed, and plays the sales colleague by plain HTTP calls to
the org. What it claims at the end it reads from both sides.
"""

from __future__ import annotations

from campaignsync.cli.demo.command import add_to

__all__ = ["add_to"]
