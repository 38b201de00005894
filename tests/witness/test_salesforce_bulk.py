"""salesforce-bulk, untouched, moves a crowd by Bulk API 1.0 in CSV and JSON with XML jobs."""

from __future__ import annotations

from pathlib import Path

from witness.environments import programs_of
from witness.witnessed_org import WitnessedOrg


def test_a_crowd_joins_is_read_back_and_leaves(org: WitnessedOrg, tmp_path: Path) -> None:
    """S2.5.1, S0.4."""
    campaign = org.create("Campaign", Name="Crowd")
    emails = [f"nr{number}@crowd.example" for number in range(25)]
    told = org.story(
        programs_of("salesforce_bulk") / "python",
        "crowd_by_bulk",
        tmp_path,
        session=org.token(),
        host=org.url,
        campaign=campaign,
        emails=emails,
    )

    created = {"success": "true", "created": "true", "error": ""}
    assert told["joined"] == [{"id": each["id"], **created} for each in told["joined"]]
    (again,) = told["again"]
    assert (again["success"], again["id"]) == ("false", "")
    assert again["error"].startswith("DUPLICATE_VALUE:Already a campaign member.:")
    assert {row["Id"]: row["Lead.Email"] for row in told["rows"]} == {
        member["id"]: email for member, email in zip(told["joined"], emails, strict=True)
    }
    assert {each["Id"]: each["Lead"]["Email"] for each in told["objects"]} == {
        row["Id"]: row["Lead.Email"] for row in told["rows"]
    }
    assert "Nonsense" in told["refused"]
    assert told["aborted"] == "Aborted"

    by_id = {row["Id"]: row["Lead.Email"] for row in told["rows"]}
    moved = {by_id[each["id"]] for each in told["updated"]}
    gone = {by_id[each["id"]] for each in told["deleted"]}
    assert (len(moved), len(gone)) == (3, 2)
    assert org.members(campaign) == {
        email: "Responded" if email in moved else "Sent" for email in emails if email not in gone
    }
    assert {row["Id"] for row in org.query("SELECT Id FROM Lead")} == {each["id"] for each in told["leads"]}
