from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx

from ... import errors
from ...types import Response

if TYPE_CHECKING:
    from ...client import AuthenticatedClient, Client
    from ...models.balance_reply import BalanceReply
    from ...models.error_reply import ErrorReply


def _get_kwargs() -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/generation/balance",
    }

    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> BalanceReply | ErrorReply:

    from ...models.balance_reply import BalanceReply
    from ...models.error_reply import ErrorReply

    if response.status_code == 200:
        response_200 = BalanceReply.from_dict(response.json())

        return response_200

    response_default = ErrorReply.from_dict(response.json())

    return response_default


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[BalanceReply | ErrorReply]:
    parsed: BalanceReply | ErrorReply | None = None
    try:
        parsed = _parse_response(client=client, response=response)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as unreadable:
        if response.is_success:
            raise
        if client.raise_on_unexpected_status:
            raise errors.UnexpectedStatus(response.status_code, response.content) from unreadable
    return Response(
        status_code=response.status_code,
        content=response.content,
        headers=response.headers,
        parsed=parsed,
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
) -> Response[BalanceReply | ErrorReply]:
    """Ask for the credits left

     Read-only and free; also the cheapest way to see whether a key is accepted.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[BalanceReply | ErrorReply]
    """

    kwargs = _get_kwargs()

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient,
) -> BalanceReply | ErrorReply | None:
    """Ask for the credits left; see sync_detailed"""

    return sync_detailed(
        client=client,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
) -> Response[BalanceReply | ErrorReply]:
    """Ask for the credits left; see sync_detailed"""

    kwargs = _get_kwargs()

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
) -> BalanceReply | ErrorReply | None:
    """Ask for the credits left; see sync_detailed"""

    return (
        await asyncio_detailed(
            client=client,
        )
    ).parsed
