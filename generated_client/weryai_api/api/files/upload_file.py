from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...types import Response, build_response

if TYPE_CHECKING:
    import httpx

    from ...client import AuthenticatedClient, Client
    from ...models.error_reply import ErrorReply
    from ...models.upload_file_reply import UploadFileReply
    from ...models.upload_file_request import UploadFileRequest


def _get_kwargs(
    *,
    body: UploadFileRequest,
) -> dict[str, Any]:

    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/generation/upload-file",
    }

    _kwargs["files"] = body.to_multipart()

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> ErrorReply | UploadFileReply:

    from ...models.error_reply import ErrorReply
    from ...models.upload_file_reply import UploadFileReply

    if response.status_code == 200:
        response_200 = UploadFileReply.from_dict(response.json())

        return response_200

    response_default = ErrorReply.from_dict(response.json())

    return response_default


def sync_detailed(
    *,
    client: AuthenticatedClient,
    body: UploadFileRequest,
) -> Response[ErrorReply | UploadFileReply]:
    """Upload a picture and get its address

    Stores a file and returns an address that the generation operations take as `image`. Free, so
    repeating it is harmless. The service compares the content with the file name's suffix. How long the
    address lives is not documented; one production user relies on 24 hours. A third party reports that
    only paying accounts may upload.

    Raises errors.UnexpectedStatus and httpx.TimeoutException, as Client says.
    """

    kwargs = _get_kwargs(body=body)

    response = client.get_httpx_client().request(**kwargs)

    return build_response(_parse_response, client, response)


def sync(
    *,
    client: AuthenticatedClient,
    body: UploadFileRequest,
) -> ErrorReply | UploadFileReply | None:
    """Upload a picture and get its address; see sync_detailed"""

    return sync_detailed(client=client, body=body).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    body: UploadFileRequest,
) -> Response[ErrorReply | UploadFileReply]:
    """Upload a picture and get its address; see sync_detailed"""

    kwargs = _get_kwargs(body=body)

    response = await client.get_async_httpx_client().request(**kwargs)

    return build_response(_parse_response, client, response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    body: UploadFileRequest,
) -> ErrorReply | UploadFileReply | None:
    """Upload a picture and get its address; see sync_detailed"""

    return (await asyncio_detailed(client=client, body=body)).parsed
