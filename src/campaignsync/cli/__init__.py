"""The `campaignsync` command: what people and scripts type, and nothing they could not do otherwise.

Law of this folder: a command reads its arguments, asks `runtime`, and prints; no rule of the field lives here. Every table has a
`--json` beside it, nothing asks a question when standard input is no terminal, and exit codes are those of docs/commands.md.
"""
