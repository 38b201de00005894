"""What pages show, read as they show it: lists by keyset, a page's rows at a time, each a fixed number of queries.

Called by `web` alone. Nothing here changes anything; a list of programs is narrowed to the folders that its reader may see.
"""
