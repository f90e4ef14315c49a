"""A browser that is strict: whatever goes wrong on a page, or leaves this machine, fails the test that opened it."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from playwright.async_api import Browser, Page, ViewportSize, async_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
CHROMIUM = next((found for name in NAMES if (found := shutil.which(name))), None)
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: apt-get install chromium")

#: As root, with nothing that calls home, and with a resolver that knows this machine alone.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]
PLAYABLE = "(video) => video.readyState > 2 || new Promise((done) => video.addEventListener('canplay', done))"
#: The lowest contrast of any text that can be seen, against the colours under it; and that text.
CONTRAST = """() => {
    const parse = (text) => {
        const [red, green, blue, alpha = 1] = text.match(/[\\d.]+/g).map(Number);
        return [red, green, blue, alpha];
    };
    const under = (element) => {
        for (let one = element; one; one = one.parentElement) {
            const colour = parse(getComputedStyle(one).backgroundColor);
            if (colour[3] === 1) return colour;
        }
        return parse(getComputedStyle(document.body).backgroundColor);
    };
    const light = (colour) => colour.slice(0, 3).map((part) => part / 255)
        .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
        .reduce((sum, part, place) => sum + part * [0.2126, 0.7152, 0.0722][place], 0);
    const found = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const element = walker.currentNode.parentElement;
        const text = walker.currentNode.data.trim();
        if (!text || !element.checkVisibility({ visibilityProperty: true }) || element.closest(".unseen")) continue;
        const own = light(parse(getComputedStyle(element).color));
        const [one, other] = [own, light(under(element))].sort((a, b) => b - a);
        found.push([(one + 0.05) / (other + 0.05), text.slice(0, 40)]);
    }
    return found.sort((a, b) => a[0] - b[0])[0].concat(found.length);
}"""
NOTE_VIOLATIONS = """
    window.violations = [];
    addEventListener("securitypolicyviolation", (event) => violations.push(event.violatedDirective));
"""


class Browsing:
    """Pages of one browser, and everything about them that should not have happened."""

    def __init__(self, browser: Browser, home: str) -> None:
        self._browser = browser
        self._home = home
        self._pages: list[Page] = []
        self.troubles: list[str] = []

    async def open(self, path: str = "/", *, width: int = 1280, height: int = 800, **options: Any) -> Page:
        """Open the emulator's page in a window of its own."""
        size = ViewportSize(width=width, height=height)
        context = await self._browser.new_context(viewport=size, **options)
        page = await context.new_page()
        await page.add_init_script(NOTE_VIOLATIONS)
        page.on("console", lambda told: self._note(told.type in ("error", "warning"), f"console: {told.text}"))
        page.on("pageerror", lambda error: self._note(True, f"error: {error}"))
        page.on("request", lambda sent: self._note(not sent.url.startswith(f"{self._home}/"), f"sent to: {sent.url}"))
        page.on("dialog", lambda dialog: self._note(True, f"dialog: {dialog.message}"))
        self._pages.append(page)
        await page.goto(self._home + path)
        return page

    async def check(self) -> None:
        """Fail if anything went wrong on any page."""
        for page in self._pages:
            self.troubles += [f"forbidden by policy: {one}" for one in await page.evaluate("window.violations")]
        assert self.troubles == []

    async def close(self) -> None:
        """Close every window."""
        for page in self._pages:
            await page.context.close()

    def _note(self, is_trouble: bool, text: str) -> None:
        if is_trouble:
            self.troubles.append(text)


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Start a browser; what is opened in it by one test shares nothing with what another one opens."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def browsing(browser: Browser, home: str) -> AsyncIterator[Browsing]:
    """Open pages of one emulator or folder, and look at the end whether all was well."""
    pages = Browsing(browser, home)
    try:
        yield pages
        await pages.check()
    finally:
        await pages.close()
