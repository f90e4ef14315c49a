"""One journey, both clients: a test body is run through WeryAI or through AsyncWeryAI."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal

from fakes.surroundings import JOURNEY_KEY

# A client is either of two classes with one text, so its type here is Any; tests/typing has the types.
Work = Callable[[Any], Any]


def fast_retry() -> Any:
    """Return the usual policy with delays that a test can afford."""
    from weryai import RetryPolicy

    return RetryPolicy(first_delay=0.01, max_delay=0.02)


class Face:
    """Makes a client of one kind and runs work with it, awaiting what needs to be awaited."""

    def __init__(self, kind: Literal["sync", "async"]) -> None:
        self.kind = kind

    def run(self, work: Work, base_url: str | None, **options: Any) -> Any:
        """Return what one piece of work returns."""
        return self.run_in_turn([work], base_url, **options)[0]

    def run_in_turn(self, works: Sequence[Work], base_url: str | None, **options: Any) -> list[Any]:
        """Run one after the other with one client."""
        if self.kind == "sync":
            with self._make(base_url, options) as client:
                return [work(client) for work in works]

        async def story() -> list[Any]:
            async with self._make(base_url, options) as client:
                return [await work(client) for work in works]

        return asyncio.run(story())

    def run_together(self, works: Sequence[Work], base_url: str | None, **options: Any) -> list[Any]:
        """Run all at once with one client: threads here, coroutines there."""
        if self.kind == "sync":
            with self._make(base_url, options) as client, ThreadPoolExecutor(len(works)) as threads:
                return list(threads.map(lambda work: work(client), works))

        async def story() -> list[Any]:
            async with self._make(base_url, options) as client:
                return list(await asyncio.gather(*(work(client) for work in works)))

        return asyncio.run(story())

    def _make(self, base_url: str | None, options: dict[str, Any]) -> Any:
        import weryai

        chosen = {"api_key": JOURNEY_KEY, "retry": fast_retry(), "base_url": base_url, **options}
        return weryai.WeryAI(**chosen) if self.kind == "sync" else weryai.AsyncWeryAI(**chosen)


def submit(client: Any, **options: Any) -> Any:
    """Submit a picture that is already on the web, as most money journeys do."""
    return client.image_to_video.submit("https://example.com/reference.jpg", prompt="Wave your hand", **options)


def generate(client: Any, output: Any, **options: Any) -> Any:
    """Generate from that picture, looking again at once."""
    picture = "https://example.com/reference.jpg"
    chosen = {"prompt": "Wave your hand", "output": output, "interval": 0.01, **options}
    return client.image_to_video.generate(picture, **chosen)
