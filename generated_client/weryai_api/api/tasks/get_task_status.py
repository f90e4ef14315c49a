from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...types import Response, build_response, path_segment

if TYPE_CHECKING:
    import httpx

    from ...client import AuthenticatedClient, Client
    from ...models.error_reply import ErrorReply
    from ...models.task_status_reply import TaskStatusReply


def _get_kwargs(
    task_id: str,
) -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/generation/{task_id}/status".format(
            task_id=path_segment(task_id, "task_id"),
        ),
    }

    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> ErrorReply | TaskStatusReply:

    from ...models.error_reply import ErrorReply
    from ...models.task_status_reply import TaskStatusReply

    if response.status_code == 200:
        response_200 = TaskStatusReply.from_dict(response.json())

        return response_200

    response_default = ErrorReply.from_dict(response.json())

    return response_default


def sync_detailed(
    task_id: str,
    *,
    client: AuthenticatedClient,
) -> Response[ErrorReply | TaskStatusReply]:
    """Ask how far a task is

    Read-only, free, safe to repeat. Replies may be cached on the way: send `Cache-Control: no-cache`.
    Clients in use ask every 5 to 15 seconds; clips take about 25 to 90 seconds and more. A success
    without any link to a video is a failure. The official schema was not seen, so the reply is
    described openly, as the union of what clients read.

    Raises errors.UnexpectedStatus and httpx.TimeoutException, as Client says.
    """

    kwargs = _get_kwargs(task_id=task_id)

    response = client.get_httpx_client().request(**kwargs)

    return build_response(_parse_response, client, response)


def sync(
    task_id: str,
    *,
    client: AuthenticatedClient,
) -> ErrorReply | TaskStatusReply | None:
    """Ask how far a task is; see sync_detailed"""

    return sync_detailed(task_id=task_id, client=client).parsed


async def asyncio_detailed(
    task_id: str,
    *,
    client: AuthenticatedClient,
) -> Response[ErrorReply | TaskStatusReply]:
    """Ask how far a task is; see sync_detailed"""

    kwargs = _get_kwargs(task_id=task_id)

    response = await client.get_async_httpx_client().request(**kwargs)

    return build_response(_parse_response, client, response)


async def asyncio(
    task_id: str,
    *,
    client: AuthenticatedClient,
) -> ErrorReply | TaskStatusReply | None:
    """Ask how far a task is; see sync_detailed"""

    return (await asyncio_detailed(task_id=task_id, client=client)).parsed
