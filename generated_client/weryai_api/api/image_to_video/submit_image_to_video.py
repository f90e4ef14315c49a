from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...types import Response, build_response

if TYPE_CHECKING:
    import httpx

    from ...client import AuthenticatedClient, Client
    from ...models.error_reply import ErrorReply
    from ...models.image_to_video_request import ImageToVideoRequest
    from ...models.submit_reply import SubmitReply


def _get_kwargs(
    *,
    body: ImageToVideoRequest,
) -> dict[str, Any]:

    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/generation/image-to-video",
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> ErrorReply | SubmitReply:

    from ...models.error_reply import ErrorReply
    from ...models.submit_reply import SubmitReply

    if response.status_code == 200:
        response_200 = SubmitReply.from_dict(response.json())

        return response_200

    response_default = ErrorReply.from_dict(response.json())

    return response_default


def sync_detailed(
    *,
    client: AuthenticatedClient,
    body: ImageToVideoRequest,
) -> Response[ErrorReply | SubmitReply]:
    """Submit an image-to-video task

    Orders `video_number` videos made from one picture and a prompt, and returns their task ids at once.
    Each accepted call is paid for; never repeat one whose answer was lost. The service fetches `image`
    itself, so it must be reachable from the internet; use `uploadFile` for a local picture.

    Raises errors.UnexpectedStatus and httpx.TimeoutException, as Client says.
    """

    kwargs = _get_kwargs(body=body)

    response = client.get_httpx_client().request(**kwargs)

    return build_response(_parse_response, client, response)


def sync(
    *,
    client: AuthenticatedClient,
    body: ImageToVideoRequest,
) -> ErrorReply | SubmitReply | None:
    """Submit an image-to-video task; see sync_detailed"""

    return sync_detailed(client=client, body=body).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    body: ImageToVideoRequest,
) -> Response[ErrorReply | SubmitReply]:
    """Submit an image-to-video task; see sync_detailed"""

    kwargs = _get_kwargs(body=body)

    response = await client.get_async_httpx_client().request(**kwargs)

    return build_response(_parse_response, client, response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    body: ImageToVideoRequest,
) -> ErrorReply | SubmitReply | None:
    """Submit an image-to-video task; see sync_detailed"""

    return (await asyncio_detailed(client=client, body=body)).parsed
