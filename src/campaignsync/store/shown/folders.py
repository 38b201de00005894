"""Which programs somebody may see, as SQL that every list shares. Parameter: `folders`, or null for all."""

from __future__ import annotations

FOLDER = "p.folder"
IN_FOLDERS = f"""(%(folders)s::text[] IS NULL OR EXISTS (SELECT FROM unnest(%(folders)s::text[]) f
    WHERE f = '' OR {FOLDER} = f OR starts_with({FOLDER}, f || '/')))"""
