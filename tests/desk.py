"""What a marketing-operations admin has before them: one program, one connection, and the org behind it."""

from __future__ import annotations

from dataclasses import dataclass, field

from campaignsync.bootstrap import Application
from campaignsync.domain.connections import Connection, Login, LoginMethod
from campaignsync.domain.errors import RetryableError, UnknownOutcomeError
from campaignsync.domain.ids import LinkId
from campaignsync.domain.registrants import read_registrants
from campaignsync.domain.runs import RunReport
from campaignsync.runtime.cycle import Planned
from campaignsync.runtime.lead_rules import changed_rules
from campaignsync.runtime.linking import ExistingCampaign, Linking
from campaignsync.runtime.ports import SalesforceDoor
from campaignsync.runtime.rounds import Round, plan_now, run_round
from sandbox_org import CLIENT_ID, CLIENT_SECRET, SandboxOrg


@dataclass
class Desk:
    """What a marketing-operations admin has before them: one program and one connection."""

    app: Application
    connection: Connection
    org: SandboxOrg
    program: str = "Spring Webinar"
    campaign: str = field(default="")

    def give(self, **statuses: str) -> None:
        """Members of the program by the first part of their address."""
        for name, status in statuses.items():
            self.app.members.set_status(self.program, f"{name}@example.com", status, who="ada")

    def choose(self, **chosen: str) -> None:
        """How leads are made: what `campaignsync connect org --…` does."""
        rules = changed_rules(self.connection.leads, chosen, self.app.door(self.connection))
        self.app.registry.set_lead_rules(self.connection.connection_id, rules)
        self.connection = self.app.registry.connection(self.connection.name)

    def bring_in(self, text: str, status: str) -> None:
        read = read_registrants(
            text.encode(), channel=self.app.registry.program_channel(self.program), status=status
        )
        self.app.members.import_people(self.program, read.people, who="ada")

    def link(self, campaign: str | None = None, *, create_statuses: bool = False) -> str:
        """Link with a campaign, or with a new one."""
        linking = Linking(
            registry=self.app.registry,
            ledger=self.app.ledger,
            door=self.app.door(self.connection),
            connection=self.connection,
        )
        if campaign is None:
            made = linking.new(self.program, "Spring Webinar 2026")
        else:
            wish = ExistingCampaign(program=self.program, campaign=campaign, create_statuses=create_statuses)
            made = linking.existing(wish)
        self.campaign = self.app.ledger.link(made).campaign_id
        return self.campaign

    def round(self) -> Round:
        link, connection = self.app.registry.link_of(self.program)
        return run_round(self.app.door(connection), self.app.ledger, connection, links=[link])

    def sync(self) -> RunReport:
        return self.round().reports[0]

    def round_that_may_fail(self) -> RunReport | None:
        """A round while something is wrong: its report, or None where the look itself failed."""
        try:
            return self.sync()
        except (RetryableError, UnknownOutcomeError):
            return None

    def run_through(self, door: SalesforceDoor, link: LinkId) -> RunReport:
        """A run through a door that is open already."""
        return run_round(door, self.app.ledger, self.connection, links=[link]).reports[0]

    def plan(self) -> Planned:
        link, connection = self.app.registry.link_of(self.program)
        return plan_now(self.app.door(connection), self.app.ledger, connection, link)

    def members(self) -> list[dict[str, object]]:
        """The program's members as they are listed, with their ids in the org."""
        return self.app.members.list(self.program, self.connection.connection_id)

    def here(self) -> dict[str, str]:
        """The program's members: e-mail → status."""
        return {row["email"]: row["status"] for row in self.app.members.list(self.program)}

    def there(self) -> dict[str, str]:
        """The campaign's members: e-mail → status, as the org itself tells."""
        return self.org.members(self.campaign)

    def equal(self) -> dict[str, str]:
        """Both sides, which must be the same."""
        here, there = self.here(), self.there()
        assert here == there
        return here


def login(org: SandboxOrg) -> Login:
    return Login(
        method=LoginMethod.CLIENT_CREDENTIALS,
        login_url=org.url,
        fields={"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET},
    )
