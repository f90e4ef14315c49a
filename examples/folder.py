"""A folder of images becomes a folder of videos, each paid for once: python folder.py photos "The sea begins to move".

Stop it and start it again, or pull the plug: it goes on, and buys nothing twice.
"""

import sys
from pathlib import Path

from weryai import bulk

folder, prompt = Path(sys.argv[1]), sys.argv[2]
with bulk.Ledger("photos.ledger.db") as ledger:
    bulk.load_manifest(ledger, folder, {"prompt": prompt, "duration": 5})
    outcome = bulk.run(ledger, output="videos", limits=bulk.Limits(budget_tasks=100))
    print(outcome.counts[bulk.JobState.DONE], "videos")
    # A job that was cut off inside its paid request may have been billed; `weryai bulk resolve` settles it.
    if ambiguous := outcome.counts.get(bulk.JobState.AMBIGUOUS):
        sys.exit(f"{ambiguous} may have been billed; look at: weryai bulk status photos.ledger.db")
