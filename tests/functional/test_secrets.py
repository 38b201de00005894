"""Secrets: encrypted at rest, rotated while all goes on, and never in a log, a trace or an error."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from campaignsync.domain.connections import Login, LoginMethod
from campaignsync.domain.errors import CampaignsyncError, UsageError
from campaignsync.runtime.notices import deliver
from campaignsync.runtime.telemetry import hide, masked, start_logs
from campaignsync.settings import NoticeSettings, Settings, read_settings
from desk import Desk
from sandbox_org import CLIENT_ID, CLIENT_SECRET
from terminal import Terminal


def credentials() -> list[str]:
    from campaignsync.store.models import Connection

    return list(Connection.objects.values_list("credentials", flat=True))


def test_no_secret_lies_in_the_database_as_it_is(desk: Desk) -> None:
    assert credentials()
    assert not any(CLIENT_SECRET in text for text in credentials())


def test_a_rotation_encrypts_all_anew_and_what_runs_goes_on(desk: Desk) -> None:
    terminal, before = Terminal(desk.app), credentials()
    door = desk.app.worker()
    done = terminal.json("secrets", "rotate")
    assert done == {"secrets": 1, "new_key": True}
    assert credentials() != before
    assert len(desk.app.settings.secret_keys()) >= 2
    door.have_round(desk.connection.connection_id, 0)
    assert desk.app.views.problems(None) == []
    assert terminal.json("secrets", "forget-old-keys")["forgotten"] >= 1
    assert desk.app.registry.login(desk.connection.connection_id).fields["client_secret"] == CLIENT_SECRET
    assert oct(desk.app.settings.key_file.stat().st_mode)[-3:] == "600"


def test_old_keys_are_not_forgotten_while_something_needs_them(desk: Desk) -> None:
    desk.app.settings.add_key()
    with pytest.raises(UsageError, match="secrets rotate"):
        Terminal(desk.app)("secrets", "forget-old-keys")
    Terminal(desk.app)("secrets", "rotate")


def test_keys_come_from_the_environment_a_file_that_it_names_or_the_data_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(data_dir=tmp_path)
    assert len(settings.secret_keys()) == 1
    named = tmp_path / "mounted"
    named.write_text("new\nold\n")
    monkeypatch.setenv("CAMPAIGNSYNC_SECRET_KEY_FILE", str(named))
    assert settings.secret_keys() == ("new", "old")
    monkeypatch.setenv("CAMPAIGNSYNC_SECRET_KEY", "given, with a comma")
    monkeypatch.setenv("CAMPAIGNSYNC_OLD_SECRET_KEY", "older")
    assert settings.secret_keys() == ("given, with a comma", "older")
    assert settings.add_key() is False


def test_a_wrong_key_is_a_problem_of_the_org_by_name_and_over_when_it_is_mended(desk: Desk) -> None:
    keys = desk.app.settings.key_file
    kept = keys.read_text()
    worker, org = desk.app.worker(), desk.connection.connection_id
    keys.write_text("another\n")
    worker.have_round(org, 0)
    assert [row["code"] for row in desk.app.views.problems(None)] == ["WRONG_KEY"]
    with pytest.raises(UsageError, match="encrypted with another key"):
        Terminal(desk.app)("doctor")
    keys.write_text(kept)
    worker.have_round(org, 1)
    assert desk.app.views.problems(None) == []


SECRETS = {
    "client_secret": "hush-client-secret",
    "password": "hush-password",
    "refresh_token": "hush-refresh-token",
    "private_key": "hush-private-key",
    "webhook": "hush-webhook",
    "mail": "hush-mail",
    "sandbox": CLIENT_SECRET,
}


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """Everything that any logger writes, as fine as it gets."""
    text = io.StringIO()
    handler = logging.StreamHandler(text)
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    start_logs(as_json=True)
    root.handlers.append(handler)
    root.setLevel(logging.DEBUG)
    logging.getLogger("campaignsync").setLevel(logging.DEBUG)
    yield text
    root.handlers[:] = before
    root.setLevel(level)


def test_no_secret_is_in_any_log_trace_problem_notice_or_error(desk: Desk, written: io.StringIO) -> None:
    spans = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    trace.set_tracer_provider(provider)
    said: list[str] = []
    worker, org = desk.app.worker(), desk.connection.connection_id
    desk.give(ada="Registered")
    desk.link()
    worker.have_round(org, 0)
    said += failing_logins(desk)
    notices = NoticeSettings(
        webhook_url="http://127.0.0.1:9/?token=hush-webhook",
        webhook_secret=SECRETS["webhook"],
        mail_to=("ops@example.com",),
        mail_url="smtp://me:hush-mail@127.0.0.1:9",
    )
    from campaignsync.store.outlets import outlets

    deliver(desk.app.outbox, list(outlets(notices)))
    said += [repr(notices), repr(desk.app.settings), repr(worker), repr(desk.app.registry.login(org))]
    said += [str(row) for row in (*desk.app.views.problems(None), *desk.app.outbox.list(limit=99))]
    said += [span.to_json() for span in spans.get_finished_spans()]
    told = "\n".join([written.getvalue(), *said])
    assert "LOGIN_REFUSED" in told
    assert [
        name for name in ("round", "observe", "link", "plan", "execute") if f'"name": "{name}"' not in told
    ] == []
    assert [name for name, secret in SECRETS.items() if secret in told] == []


def failing_logins(desk: Desk) -> list[str]:
    """Every way to log in with wrong secrets, by rounds and by doctors; what they said."""
    ways = {
        LoginMethod.CLIENT_CREDENTIALS: ("client_secret",),
        LoginMethod.PASSWORD: ("client_secret", "password"),
        LoginMethod.REFRESH_TOKEN: ("client_secret", "refresh_token"),
        LoginMethod.JWT_BEARER: ("private_key",),
    }
    said = []
    for method, names in ways.items():
        fields = {
            "client_id": CLIENT_ID,
            "username": "admin@sandbox.example",
            **{name: SECRETS[name] for name in names},
        }
        login = Login(method=method, login_url=desk.org.url, fields=fields)
        with pytest.raises(CampaignsyncError) as refused:
            desk.app.new_door(login).sync_user()
        desk.app.registry.save_connection(
            "org", login, instance_url=desk.org.url, campaign_sync=True, user=desk.connection.user
        )
        desk.app.worker().have_round(desk.connection.connection_id, 0)
        with pytest.raises(UsageError) as unwell:
            Terminal(desk.app)("doctor")
        said += [str(refused.value), repr(refused.value), repr(login), str(unwell.value)]
    return said


def test_what_is_hidden_is_masked_wherever_it_would_be_written() -> None:
    hide(["hush-hush-secret"])
    assert masked({"a": ["x hush-hush-secret y"], "b": 3}) == {"a": ["x (hidden) y"], "b": 3}


def test_a_database_url_stays_out_of_every_word_about_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://me:hush-database@127.0.0.1:9/x")
    assert "hush" not in repr(read_settings())
