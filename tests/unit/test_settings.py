"""The settings of an installation, where the folder does not let us in."""

from __future__ import annotations

from pathlib import Path

import pytest

from campaignsync.domain.errors import UsageError
from campaignsync.settings import Settings


def test_a_key_that_can_neither_be_read_nor_made_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CAMPAIGNSYNC_SECRET_KEY", raising=False)
    file = tmp_path / "file"
    file.write_text("no folder")
    with pytest.raises(UsageError, match=r"secret.key cannot be read or made: .*CAMPAIGNSYNC_SECRET_KEY"):
        Settings(data_dir=file / "below").secret_key()
