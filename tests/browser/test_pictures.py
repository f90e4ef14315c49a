"""The pictures of the documents show what commands print and what pages hold: `make pictures` makes them."""

import asyncio
import json
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from fakes.browsing import browsing, needs_chromium
from fakes.bulks import AT_ONCE
from fakes.documents import PICTURES, picture_script

MAKE = picture_script()


def without_pace(lines: list[str]) -> list[str]:
    """Lines of a run without the one about its pace, which a test does not keep to."""
    return [MAKE.words(line) for line in lines if "--rate" not in line and line.strip()]


@pytest.mark.timeout(60)
@needs_chromium
async def test_bulk_run_and_report_are_as_pictured(started: Browser, tmp_path: Path) -> None:
    """The same commands print the same words, apart from numbers, and the report has the same ones."""
    printed = await asyncio.to_thread(MAKE.bulk, tmp_path, *AT_ONCE, "--interval", "0.1")
    shown = MAKE.texts((PICTURES / "bulk.svg").read_text(encoding="utf-8"))
    assert without_pace(shown) == without_pace(printed)
    assert [line for line in shown if len(line) > 80] == []
    async with browsing(started, tmp_path.as_uri()) as pages:
        page = await pages.open(f"/{MAKE.reported(tmp_path).name}", locale="en-GB")
        found = MAKE.on_page(await page.inner_text("body"))
    recorded = json.loads((PICTURES / "pages.json").read_text(encoding="utf-8"))["report"]
    assert lasting(found) == lasting(recorded)


@pytest.mark.timeout(60)
@needs_chromium
async def test_the_emulator_is_as_pictured(started: Browser) -> None:
    """After the same requests its page has the same words."""
    with MAKE.emulator_page() as emulator:
        async with browsing(started, emulator.url) as pages:
            page = await pages.open(width=1180, locale="en-GB")
            await expect(page.locator("#line")).to_have_text("live")
            await expect(page.locator("#task-list li")).to_have_count(7)
            found = MAKE.on_page(await page.inner_text("body"))
    recorded = json.loads((PICTURES / "pages.json").read_text(encoding="utf-8"))["emulator"]
    assert lasting(found) == lasting(recorded)


def lasting(lines: list[str]) -> list[str]:
    """Lines without numbers and units of time, which differ from run to run."""
    return [line for line in lines if "0" not in line and not line.startswith("Jobs per")]


def test_pictures_are_small_and_tell_no_place() -> None:
    """Together they have less than 300 kB, and no picture of a terminal names a folder of who made it."""
    files = [file for file in PICTURES.iterdir() if file.suffix in (".svg", ".png")]
    assert sum(file.stat().st_size for file in files) < 300_000 and len(files) >= 4
    drawn = "".join(file.read_text(encoding="utf-8") for file in files if file.suffix == ".svg")
    assert "/tmp" not in drawn and "~/weryai-demo.mp4" in drawn
