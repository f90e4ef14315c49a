"""A video from one image to another: python first_and_last_frame.py first.jpg last.jpg "Day turns to night"."""

import sys

from weryai import WeryAI

first, last, prompt = sys.argv[1:]
with WeryAI(journal=True) as client:
    # Nothing is sent yet: this is what would be, and what was checked before it is paid for.
    prepared = client.first_last_frame.prepare(first, last, prompt=prompt)
    print(prepared.request, prepared.body["model"], file=sys.stderr)
    (task_id,) = prepared.submit().task_ids
    print(client.files.download(client.tasks.wait(task_id), "night.mp4"))
