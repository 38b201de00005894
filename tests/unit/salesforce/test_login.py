"""What a login makes of its fields and of the answer, before anything is sent."""

from __future__ import annotations

import pytest

from campaignsync.domain.connections import Login, LoginMethod
from campaignsync.domain.errors import UsageError
from campaignsync.salesforce.login import _form, _token

APP = {"client_id": "app", "client_secret": "s3cret"}


@pytest.mark.parametrize(
    ("method", "fields", "grant"),
    [
        (LoginMethod.CLIENT_CREDENTIALS, APP, "client_credentials"),
        (LoginMethod.REFRESH_TOKEN, {**APP, "refresh_token": "r"}, "refresh_token"),
        (LoginMethod.PASSWORD, {**APP, "username": "u", "password": "p"}, "password"),
    ],
)
def test_a_form_holds_the_fields_of_its_method(
    method: LoginMethod, fields: dict[str, str], grant: str
) -> None:
    """Section 2.1."""
    login = Login(method=method, login_url="https://a.example", fields=fields)
    assert _form(login) == {"grant_type": grant, **fields}


def test_a_token_never_travels_unencrypted_when_the_login_did_not() -> None:
    answer = {"access_token": "t0ken", "instance_url": "http://b.example"}
    with pytest.raises(UsageError, match="unencrypted"):
        _token("https://a.example", answer)
    assert _token("http://a.example", answer).instance_url == "http://b.example"


def test_a_token_does_not_show_itself() -> None:
    token = _token("https://a.example", {"access_token": "t0ken", "instance_url": "https://b.example/"})
    assert "t0ken" not in repr(token)
    assert token.instance_url == "https://b.example"
