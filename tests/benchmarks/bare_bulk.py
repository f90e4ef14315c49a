"""What a bulk run is measured against: the same requests, as many at a time, by httpx alone, and nothing durable."""

import asyncio
import csv
import json
import sys
from pathlib import Path

import httpx

KEY = "sk-emulator"


async def work(manifest: str, url: str, output: str, rate: float, in_flight: int, interval: float) -> None:
    """Order, look and download, for every row."""
    places, gate, downloads = asyncio.Semaphore(in_flight), asyncio.Semaphore(16), asyncio.Semaphore(16)
    turn = asyncio.Lock()
    next_turn = 0.0
    loop = asyncio.get_running_loop()
    Path(output).mkdir(exist_ok=True)

    async def one(row: dict[str, str], client: httpx.AsyncClient) -> None:
        nonlocal next_turn
        body = {"model": "WERYAI_VIDEO_1_0", "duration": 5, "aspect_ratio": "16:9", **row}
        key = body.pop("key")
        async with places:
            async with turn:
                await asyncio.sleep(max(next_turn - loop.time(), 0))
                next_turn = max(next_turn, loop.time()) + 1 / rate
            async with gate:
                answer = await client.post("/v1/generation/image-to-video", json=body)
            task_id = answer.raise_for_status().json()["data"]["task_ids"][0]
            while True:
                async with gate:
                    looked = (await client.get(f"/v1/generation/{task_id}/status")).raise_for_status().json()["data"]
                if looked["task_status"] == "succeed":
                    break
                await asyncio.sleep(interval)
        async with downloads, client.stream("GET", looked["videos"][0]) as video:
            with Path(output, f"{key}.mp4").open("wb") as file:
                async for chunk in video.aiter_bytes():
                    file.write(chunk)

    headers = {"Authorization": f"Bearer {KEY}"}
    with open(manifest, newline="") as file:
        rows = list(csv.DictReader(file))
    limits = httpx.Limits(max_connections=32, max_keepalive_connections=32)
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=60, limits=limits, trust_env=False) as client:
        await asyncio.gather(*(one(row, client) for row in rows))


if __name__ == "__main__":
    asyncio.run(work(*sys.argv[1:4], *json.loads(sys.argv[4])))
