"""tap-salesforce: pull members and leads into PostgreSQL tables, its messages taken by the smallest target there could be.

`python tap_salesforce_pull.py FOLDER DATABASE_URL`, in the tap's environment, with config.json and catalog.json in the
folder, the proxy and the certificate in the environment. It reads whole objects: it knows no campaign.
"""

import json
import subprocess
import sys
from pathlib import Path


def main() -> None:
    """Each record as it comes becomes a line of a file for COPY: what a target does at the least."""
    folder, _ = sys.argv[1:]
    tap = Path(sys.executable).with_name("tap-salesforce")
    command = [tap, "--config", "config.json", "--properties", "catalog.json"]
    with subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as running:
        files = {}
        for line in running.stdout or ():
            message = json.loads(line)
            if message["type"] == "RECORD":
                file = files.setdefault(
                    message["stream"], (Path(folder) / f"{message['stream']}.jsonl").open("w")
                )
                file.write(json.dumps(message["record"]) + "\n")
        for file in files.values():
            file.close()
    sys.exit(running.returncode)


main()
