"""Notices that are mailed: in the language that the installation asks for, with what to do."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from campaignsync.bootstrap import Application
from campaignsync.domain.errors import UsageError
from campaignsync.domain.ids import ConnectionId
from campaignsync.domain.notices import Notice, NoticeEvent
from campaignsync.settings import NoticeSettings, read_settings

HALTED = Notice(
    notice_id=1,
    at=datetime(2026, 3, 1, 12, tzinfo=UTC),
    event=NoticeEvent.OPENED,
    code="LINK_HALTED",
    message='The campaign is suddenly empty: all of its 1,200 agreed members are gone. Look at it with: campaignsync plan "A";'
    ' let it go on with: campaignsync sync "A" --allow-removals',
    connection_id=ConnectionId(1),
    connection="production",
    program="Spring Webinar",
)


def test_a_letter_says_in_german_what_happened_and_what_to_do(app: Application, tmp_path: Path) -> None:
    """M8.2, also where the process that sends it serves no pages and its own language is English."""
    from campaignsync.store.outlets import outlets
    from campaignsync.web.letters import letters

    settings = NoticeSettings(mail_to=("ops@example.com",), mail_url=f"file://{tmp_path}", mail_language="de")
    [mail] = [each for each in outlets(settings, letters("de")) if each.name == "mail"]
    mail.send(HALTED)
    import email
    from email.policy import default

    (sent,) = tmp_path.iterdir()
    message = email.message_from_bytes(sent.read_bytes(), policy=default)
    assert (
        message["Subject"].strip()
        == "campaignsync: Verknüpfung ist angehalten – neu (production Spring Webinar)"
    )
    text = message.get_body().get_content()  # type: ignore[union-attr]
    assert "Kampagne: plötzlich leer. Alle 1.200 gemeinsamen Mitglieder sind fort." in text
    assert "Zu tun: Es würde mehr entfernt" in text
    assert "campaignsync plan" not in text


def test_only_languages_that_there_are_can_be_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAMPAIGNSYNC_MAIL_LANGUAGE", "fr")
    with pytest.raises(UsageError, match="en or de is wanted"):
        read_settings(None)
    monkeypatch.setenv("CAMPAIGNSYNC_MAIL_LANGUAGE", "de")
    assert read_settings(None).notices.mail_language == "de"
