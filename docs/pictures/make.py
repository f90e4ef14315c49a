"""Make the pictures of the documents: `make pictures`.

Each shows what a command printed, or a page showed, when it ran. `demo.svg` moves as `weryai demo` did on a terminal of
80 columns; `bulk.svg` is the end of a bulk run. `emulator.png` and `report.png` are pages in Chromium, and `pages.json`
has their words, so that a test can compare them.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import os
import pty
import re
import shlex
import shutil
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from xml.sax.saxutils import escape, unescape

from PIL import Image, ImageDraw

import weryai
from weryai import cli
from weryai.emulator import Emulator, ManualClock

HERE = Path(__file__).parent
COLUMNS, LETTER, LINE, MARGIN = 80, 8.43, 20, 18
#: How long the moving picture stands still at its end, in seconds.
REST = 4.0
DEMO = "weryai demo"
BULK = ('weryai bulk run photos/ -p "The sea begins to move"', "weryai bulk status photos.ledger.db")
STYLE = """
text { white-space: pre; font: 14px ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
.said { fill: #e6e9f0; }
.prompt { fill: #5bd596; } .living { fill: #7fb8ff; }
rect { fill: #10141c; } circle { fill: #3d475c; }
""".strip()
#: A text, the line that it is on, and from when to when it is seen in seconds; None is to the end.
Seen = tuple[str, int, float, float | None]


def main() -> None:
    """Make all four."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (HERE / "demo.svg").write_text(terminal([(f"$ {DEMO}", 0, 0.0, None), *demo(folder)]), encoding="utf-8")
        lines = bulk(folder)
        (HERE / "bulk.svg").write_text(
            terminal([(line, number, 0.0, None) for number, line in enumerate(lines)]), encoding="utf-8"
        )
        told = asyncio.run(photographed(folder))
    (HERE / "pages.json").write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def demo(folder: Path) -> list[Seen]:
    """Run the demo on a terminal, and return what was seen when."""
    ours, theirs = pty.openpty()
    import fcntl
    import termios

    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, COLUMNS, 0, 0))
    surroundings = {**os.environ, "TERM": "xterm-256color"}
    surroundings.pop("CI", None)
    began, pieces = time.monotonic(), list[tuple[float, str]]()
    command = [sys.executable, "-m", *DEMO.split()]
    with subprocess.Popen(command, cwd=folder, env=surroundings, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        with contextlib.suppress(OSError):
            while piece := os.read(ours, 65536):
                pieces.append((time.monotonic() - began, piece.decode()))
    os.close(ours)
    assert process.returncode == 0, pieces
    return [(anonymous(text, folder), line + 1, start, end) for text, line, start, end in seen(pieces)]


def seen(pieces: list[tuple[float, str]]) -> list[Seen]:
    """What a terminal shows: CR goes to the start of a line, LF ends it; a line that is drawn over ends there."""
    found, line, shown = list[Seen](), 0, ("", 0.0)
    for at, piece in pieces:
        for part in re.findall("[^\r\n]+|[\r\n]", piece):
            if part == "\n":
                found.append((shown[0].rstrip(), line, shown[1], None))
                line, shown = line + 1, ("", at)
            elif part != "\r" and part.rstrip() != shown[0]:
                if shown[0] and at > shown[1]:
                    found.append((shown[0], line, shown[1], at))
                shown = (part.rstrip(), at)
    return [one for one in found if one[0]]


def anonymous(text: str, folder: Path) -> str:
    """A text without where it was made."""
    return re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:8765", text.replace(str(folder.resolve()), "~"))


def words(text: str) -> str:
    """A text without what differs from run to run: numbers, ids, places."""
    text = re.sub(r"\btask_\w+", "task", text)
    return re.sub(r"\d+(\.\d+)?", "0", re.sub(r"(?<=[ (])/\S+/|^[~/]\S*/", "/", text)).strip()


def terminal(lines: list[Seen]) -> str:
    """Draw a terminal; what is seen for a while only comes and goes, again and again."""
    tall = MARGIN * 2 + 16 + LINE * (max(line for _, line, _, _ in lines) + 1)
    wide = round(MARGIN * 2 + COLUMNS * LETTER)
    total = max(end or start for _, _, start, end in lines) + REST
    is_moving = any(end is not None for *_, end in lines)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {tall}" width="{wide}" height="{tall}">',
        f"<style>{STYLE}</style>",
        f'<rect width="{wide}" height="{tall}" rx="10"/>',
        *(f'<circle cx="{MARGIN + 5 + 18 * one}" cy="17" r="5.5"/>' for one in range(3)),
    ]
    for text, line, start, end in lines:
        kind = "living" if end is not None else "prompt" if text.startswith("$ ") else "said"
        hidden = ' visibility="hidden"' if end is not None else ""
        move = _move(start, end, total) if is_moving and (start, end) != (0.0, None) else ""
        y = MARGIN + 32 + LINE * line
        parts.append(f'<text class="{kind}" x="{MARGIN}" y="{y}"{hidden}>{escape(text)}{move}</text>')
    return "\n".join([*parts, "</svg>", ""])


def _move(start: float, end: float | None, total: float) -> str:
    """Let a text come, and go."""
    turns = [("hidden", 0.0), ("visible", start / total), *([("hidden", end / total)] if end is not None else [])]
    states, times = ";".join(one for one, _ in turns), ";".join(f"{at:.4f}".rstrip("0") for _, at in turns)
    return (
        f'<animate attributeName="visibility" values="{states}" keyTimes="{times}" calcMode="discrete" '
        f'dur="{total:.1f}s" repeatCount="indefinite"/>'
    )


def texts(picture: str) -> list[str]:
    """The lines that a terminal's picture shows at its end."""
    return [unescape(one) for one in re.findall(r'<text class="(?:said|prompt)"[^>]*>([^<]*)', picture)]


def bulk(folder: Path, *more: str) -> list[str]:
    """Run a folder of eight images, of which one fails, and return what a terminal has at the end."""
    photos(folder / "photos", 8)
    lines = list[str]()
    with Emulator(video="fixed", waiting=0.1, processing=0.1) as emulator, at(emulator, folder):
        emulator.order("fail-copyright")
        for command in BULK:
            given = [*shlex.split(command)[1:], *(more if command is BULK[0] else ())]
            told, printed = io.StringIO(), io.StringIO()
            with contextlib.redirect_stderr(told), contextlib.redirect_stdout(printed):
                assert cli.run(given) in (0, 1), told.getvalue()
            # A terminal has no lines for programs.
            shown = told.getvalue() + re.sub(r"^\{.*\n", "", printed.getvalue(), flags=re.MULTILINE)
            lines += [f"$ {command}", *(anonymous(line, folder) for line in shown.splitlines()), ""]
    return lines[:-1]


@contextlib.contextmanager
def at(emulator: Emulator, folder: Path):  # type: ignore[no-untyped-def]
    """Stand in a folder, with an emulator in the surroundings."""
    before, place = dict(os.environ), Path.cwd()
    os.environ |= {"WERYAI_API_KEY": emulator.key, "WERYAI_BASE_URL": emulator.url}
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(place)
        os.environ.clear()
        os.environ |= before


def photos(folder: Path, many: int) -> list[Path]:
    """Draw pictures of the sea at different hours."""
    folder.mkdir(exist_ok=True)
    made = []
    for number in range(many):
        share = number / max(many - 1, 1)
        image = Image.new("RGB", (640, 360))
        draw = ImageDraw.Draw(image)
        for y in range(360):
            deep = y / 360
            sky = (int(70 + 170 * share * (1 - deep)), int(120 + 70 * deep), int(220 - 110 * share))
            sea = (int(15 + 60 * share), int(70 + 60 * (1 - deep)), int(120 + 40 * (1 - share)))
            draw.line((0, y, 640, y), fill=sky if y < 210 else sea)
        x, high = 110 + 60 * number, 190 - int(130 * (1 - abs(2 * share - 1)))
        draw.ellipse((x - 34, high - 34, x + 34, high + 34), fill=(255, 226, int(210 - 110 * share)))
        draw.rectangle((0, 210, 640, 212), fill=(235, 240, 245))
        made.append(folder / f"sea-{number + 1}.jpg")
        image.save(made[-1], quality=88)
    return made


@contextlib.contextmanager
def emulator_page():  # type: ignore[no-untyped-def]
    """An emulator in which everything has happened that its page shows."""
    with tempfile.TemporaryDirectory() as place, Emulator(video="fixed", clock=ManualClock()) as emulator:
        images = photos(Path(place), 6)
        with weryai.WeryAI(emulator.key, base_url=emulator.url) as client:
            prompts = ["The sea begins to move", "The sun rises", "Clouds pass by", "A boat comes in", "Gulls circle"]
            for number, (image, prompt) in enumerate(zip(images, prompts, strict=False)):
                if number == 2:
                    emulator.order("fail-copyright")
                client.image_to_video.submit(image, prompt=prompt)
                emulator.clock.advance(2)
            client.image_to_video.submit(images[4], prompt=prompts[4], force=True)
            client.text_to_video.submit("A fox runs through fresh snow")
            emulator.order("rate-limit", 2)
            emulator.clock.advance(1)
        yield emulator


async def photographed(folder: Path) -> dict[str, list[str]]:
    """Look at both pages in Chromium, and return the words on them."""
    from playwright.async_api import async_playwright

    report = reported(folder)
    told = {}
    with emulator_page() as emulator:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
            for name, where, tall in (("emulator", emulator.url, 620), ("report", report.as_uri(), 1000)):
                page = await browser.new_page(viewport={"width": 1180, "height": tall}, locale="en-GB")
                await page.goto(where)
                await page.wait_for_timeout(1000)
                await page.screenshot(path=HERE / f"{name}.png")
                shrink(HERE / f"{name}.png")
                told[name] = on_page(await page.inner_text("body"))
            await browser.close()
    return told


def reported(folder: Path) -> Path:
    """Write the report of the run of `bulk`; its commands name the ledger as who stands in its folder does."""
    path = weryai.bulk.report(folder / "photos.ledger.db", folder / "report.html")
    path.write_text(path.read_text("utf-8").replace(f"{folder}/", ""), "utf-8")
    return path


def on_page(text: str) -> list[str]:
    """The words on a page, of which no order is asked."""
    return sorted({words(line) for line in text.splitlines() if words(line)})


def chromium() -> str:
    """Where Chromium is."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        raise SystemExit("make pictures needs Chromium: apt-get install chromium")
    return found


def shrink(path: Path) -> None:
    """Let a picture have 128 colours, which is a third of its size."""
    with Image.open(path) as image:
        few = image.convert("RGB").quantize(128, dither=Image.Dither.NONE)
    few.save(path, optimize=True)


if __name__ == "__main__":
    main()
