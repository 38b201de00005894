"""CumulusCI: insert members of a campaign for leads whose ids are known, by its bulk data step `load_dataset`.

`python cumulusci_add.py FOLDER LOGIN CAMPAIGN_ID FILE` with one `lead id,status` a line; LOGIN is the org as JSON, as CumulusCI
takes it from its environment. Its documentation: a mapping, and a data set as SQL.
"""

import csv
import os
import subprocess
import sys
from pathlib import Path

PROJECT = """\
minimum_cumulusci_version: '4.0.0'
project:
  name: Bench
  package: {name: Bench, api_version: '62.0'}
  git: {default_branch: main}
"""
MAPPING = """\
Members:
  sf_object: CampaignMember
  table: members
  api: bulk
  fields: {CampaignId: campaign_id, LeadId: lead_id, Status: status}
"""


def main() -> None:
    """Write the data set, load it."""
    folder, login, campaign, file = Path(sys.argv[1]), *sys.argv[2:]
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["git", "init", "--quiet", str(folder)], check=True)
    (folder / "cumulusci.yml").write_text(PROJECT)
    (folder / "mapping.yml").write_text(MAPPING)
    with (folder / "data.sql").open("w") as data, Path(file).open() as wanted:
        data.write(
            "CREATE TABLE members (id TEXT PRIMARY KEY, campaign_id TEXT, lead_id TEXT, status TEXT);\n"
        )
        for number, (lead, status) in enumerate(csv.reader(wanted)):
            data.write(f"INSERT INTO members VALUES ('M-{number}', '{campaign}', '{lead}', '{status}');\n")
    surroundings = {
        **os.environ,
        "HOME": str(folder),
        "CUMULUSCI_ORG_sandbox": login,
        "CUMULUSCI_DISABLE_REFRESH": "1",
        "CUMULUSCI_KEY": "0123456789abcdef",
    }
    task = [
        "task",
        "run",
        "load_dataset",
        "--org",
        "sandbox",
        "-o",
        "mapping",
        "mapping.yml",
        "-o",
        "sql_path",
    ]
    cci = Path(sys.executable).with_name("cci")
    subprocess.run([cci, *task, "data.sql"], cwd=folder, env=surroundings, check=True)


main()
