"""tap-salesforce: extract members, and leads, to a file of Singer messages, by its Bulk API 1.0.

`python tap_salesforce_pull.py FOLDER`. Its documentation: discover, select streams in the catalog, run with `--properties`. It
only reads: what a target would need to put it into a database is not counted.
"""

import json
import subprocess
import sys
from pathlib import Path

STREAMS = ("CampaignMember", "Lead")
CONFIG = {
    "refresh_token": "sandbox-refresh-token",
    "client_id": "sandbox-client",
    "client_secret": "sandbox-secret",
    "start_date": "2000-01-01T00:00:00Z",
    "api_type": "BULK",
    "select_fields_by_default": "true",
}


def main() -> None:
    """Discover, select, extract."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    tap = [str(Path(sys.executable).with_name("tap-salesforce")), "--config", "config.json"]
    (folder / "config.json").write_text(json.dumps(CONFIG))
    found = subprocess.run([*tap, "--discover"], cwd=folder, capture_output=True, check=True).stdout
    catalog = json.loads(found)
    for stream in catalog["streams"]:
        for about in stream["metadata"]:
            if not about["breadcrumb"] and stream["stream"] in STREAMS:
                about["metadata"] |= {"selected": True, "replication-method": "FULL_TABLE"}
    (folder / "catalog.json").write_text(json.dumps(catalog))
    with (folder / "messages.jsonl").open("wb") as messages:
        subprocess.run(
            [*tap, "--properties", "catalog.json"],
            cwd=folder,
            stdout=messages,
            stderr=subprocess.DEVNULL,
            check=True,
        )
    lines = sum(line.startswith(b'{"type": "RECORD"') for line in (folder / "messages.jsonl").open("rb"))
    print(lines)


main()
