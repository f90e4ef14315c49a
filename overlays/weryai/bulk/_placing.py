"""The paid request of one job: sent once; whoever runs the job decides what follows."""

from __future__ import annotations

from .._endpoint import paid_request
from .._envelope import accept_paid
from .._flow import Flow
from .._intent import Intent
from .._limits import check_request
from .._submission import Submission, read_submission
from ._job import Job

REQUEST = "POST /v1/generation/image-to-video"


def place(job: Job, address: str) -> Flow[tuple[Submission, str | None]]:
    """Order the video of a job whose picture is at this address; also return what could not be written down, if so.

    Raises what `image_to_video.submit` raises. The ledger has it all: a refusal that started nothing has put the job
    back among the queued, an unknown outcome has made it ambiguous.
    """
    body = {**job.parameters, "image": address}
    check_request("ImageToVideoRequest", body)
    intent = Intent(REQUEST, body, row=job.row)
    effect = paid_request(intent)
    submission = read_submission(*accept_paid((yield from effect), effect.name))
    return submission, intent.problem
