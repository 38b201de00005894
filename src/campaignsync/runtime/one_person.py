"""What is done for one person at once, at somebody's word: Sync Person to SFDC (M9.5, M7.9), and deletion (M7.10).

Called by the command line. The org's other rounds wait meanwhile.
"""

from __future__ import annotations

from campaignsync.domain.connections import Connection
from campaignsync.domain.errors import RefusedError, UnknownOutcomeError
from campaignsync.runtime.cycle import turn
from campaignsync.runtime.member_ports import Directory
from campaignsync.runtime.people import OrgPeople, follow_people, look_up
from campaignsync.runtime.ports import Ledger, SalesforceDoor


def sync_person(
    door: SalesforceDoor,
    ledger: Ledger,
    directory: Directory,
    connection: Connection,
    person: int,
    *,
    who: str,
) -> tuple[str, str]:
    """Make sure that an org knows a person: as the record that is joined already, found by e-mail address, or made as a lead,
    also when the record was deleted there (M7.9). The kind and the id; RefusedError in Salesforce's words."""
    org = connection.connection_id
    with turn(door, ledger, org):
        look_up(door, ledger, org, [each for each in [directory.records(person).get(org)] if each])
        follow_people(door, ledger, org)
        directory.let_go(person, org, who=who)
        people = OrgPeople(connection=org, leads=connection.leads, door=door, ledger=ledger)
        for _, _, code, message, _, known in people.find_or_create(people.unmatched([person])).rows():
            raise RefusedError(message, code=code) if known else UnknownOutcomeError(message)
        ((_, salesforce_id, kind),) = ledger.identities(org, [person]).rows()
    return str(kind), str(salesforce_id)


def delete_there(
    door: SalesforceDoor,
    ledger: Ledger,
    directory: Directory,
    connection: Connection,
    person: int,
    *,
    also: bool,
) -> None:
    """Before a person is deleted here: delete the lead or contact in an org with `also`, else the members of linked campaigns,
    which would bring the person back. RefusedError when Salesforce does not let us."""
    org = connection.connection_id
    with turn(door, ledger, org):
        record = [directory.records(person)[org]]
        door.delete_records(record if also else directory.members_to_remove(person, org))
