"""The stories in which scenarios happen: what somebody does with the client, from the order to the file."""

from pathlib import Path
from typing import Any

from fakes.faces import Face
from fakes.pictures import JPEG
from weryai.emulator import Emulator, LedgerRow, Scenario

REFERENCE = "https://example.com/reference.jpg"
#: Where a prompt can choose a scenario for good.
BY_PROMPT = ("task", "submit", "status", "download")


def tell(
    face: Face, emulator: Emulator, folder: Path, scenario: Scenario, stage: str, *, along: str, patience: float
) -> Any:
    """Let a scenario happen once at a stage, or for good if it is of that kind, and return what the story ends in."""
    prompt = "Wave your hand"
    if scenario.lasts and stage in BY_PROMPT:
        prompt += f" [emulator: {scenario.name}@{stage} {along}]"
    else:
        emulator.order(scenario.name, at=stage)
    if stage in ("balance", "models"):
        return face.run(lambda client: ask(client, stage), emulator.url, models_base_url=emulator.url)
    picture = JPEG if stage == "upload" else REFERENCE

    def make(client: Any) -> Any:
        return client.image_to_video.generate(
            picture,
            prompt=prompt,
            output=folder / "video.mp4",
            interval=0.01,
            timeout=patience,
            # Each look at the task takes a second of the emulator's time.
            on_update=lambda _task: emulator.clock.advance(1),
        )

    return face.run(make, emulator.url, polls_per_second=1000)


def ask(client: Any, what: str) -> Any:
    """Ask for the credits, or for the models."""
    return client.account.balance() if what == "balance" else client.models.list()


def totals(rows: list[LedgerRow]) -> tuple[int, int, int]:
    """Return how many submissions arrived, how many tasks they made, and what was paid."""
    return sum(row.posts for row in rows), sum(len(row.task_ids) for row in rows), sum(row.credits for row in rows)
