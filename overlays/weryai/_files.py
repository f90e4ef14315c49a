"""Files: put a picture where the service can fetch it, and fetch the video."""

from __future__ import annotations

import os
import random
from io import BytesIO
from pathlib import Path

from weryai_api.api.files import upload_file
from weryai_api.models import UploadFileRequest
from weryai_api.types import File

from ._download import Target, name_of, prepare_path
from ._endpoint import call
from ._envelope import Envelope
from ._flow import Fetch, Flow, Now, Perform, Sleep
from ._operation import Mode, Resource, operation
from ._picture import PictureSource, is_address, read_picture
from ._retry import FREE_TRIES, parse_retry_after
from .errors import ContractError, DownloadError, InvalidInputError, TransportError

_WORTH_ANOTHER_TRY = (404, 408, 425, 429)


class Files(Resource[Mode]):
    """Uploads and downloads; both are free and repeated when they fail."""

    @operation
    def upload(self, source: PictureSource) -> Flow[str]:
        """Upload a jpg, png or webp picture of less than 10 MB and return its address.

        `source` is a path, bytes, or a binary file object, read from where it stands. The type is told by the content.
        How long the address lives is not documented. Raises InvalidInputError before anything is sent.
        """
        picture = yield from Perform(lambda: read_picture(source))
        # The service compares content and suffix; the rest of the name is nobody's business.
        name = f"picture{picture.suffix}"
        body = UploadFileRequest(file=File(BytesIO(picture.content), name, picture.media_type))
        return (yield from call(upload_file, _read_address, self._retry, body=body))

    @operation
    def download(self, url: str, path: str | os.PathLike[str]) -> Flow[Path]:
        """Download a video and return the path of the complete file.

        `path` is the file to write, or a folder. The key is never sent along. The final name appears in one step, when
        every byte is on disk; a file that is no MP4 is kept under the suffix it deserves, with a warning. Raises
        DownloadError; what failed can be tried again with the same url.
        """
        if not is_address(url):
            raise InvalidInputError(f"a video's address starts with http:// or https://, not {str(url)[:60]!r}")
        target = Target((yield from Perform(lambda: prepare_path(path, name_of(url)))), url)
        try:
            yield from _fetch_whole(self, target)
            return (yield from Perform(target.finish))
        finally:
            target.close()


def _fetch_whole(files: Files[Mode], target: Target) -> Flow[None]:
    """Fetch into the target until it is complete; a CDN may need a moment before it knows a new file."""
    policy, started, attempt = files._retry, (yield from Now()), 0
    while True:
        attempt += 1
        cause, event, wanted = None, "", None
        try:
            reply = yield from Fetch(target.url, target)
        except TransportError as error:
            cause, event, repeatable = error, str(error), True
        else:
            if reply.http_status == 200 and target.is_complete():
                return
            status, repeatable = reply.http_status, reply.http_status == 200
            event = "the file came incomplete" if repeatable else f"HTTP {status} came"
            repeatable = repeatable or status in _WORTH_ANOTHER_TRY or status >= 500
            wanted = parse_retry_after(reply.headers.get("retry-after"))
        elapsed = (yield from Now()) - started
        pause = wanted if wanted is not None else policy.pause(attempt, random.random())
        if not repeatable or attempt >= min(policy.tries, FREE_TRIES) or elapsed + pause > policy.budget:
            raise DownloadError(f"{target.url} could not be downloaded: {event}", url=target.url) from cause
        yield from Sleep(pause)


def _read_address(envelope: Envelope) -> str:
    data = envelope.data
    listed = data.get("object_url_list") if isinstance(data, dict) else None
    for candidate in listed if isinstance(listed, list) else []:
        if is_address(candidate):
            return str(candidate)
    raise ContractError(
        "the upload was accepted, but the answer holds no address", raw=envelope.raw, http_status=envelope.http_status
    )
