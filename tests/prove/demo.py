"""`make demo-bulk`: a folder of pictures, animated by the emulator, with the plug pulled in the middle."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from weryai import bulk

from .judging import bill_of
from .killing import KEY, emulator

SAMPLES = Path(__file__).parents[1] / "samples" / "photos"
FOLDER = Path("weryai-demo-bulk")
LEDGER = FOLDER / "photos.ledger.db"
PROMPT = "The camera moves slowly closer"


def say(text: str) -> None:
    """Tell the story; the last line of standard output is the path of the report."""
    print(text, flush=True)


def start(url: str) -> subprocess.Popen[str]:
    """Start the run, or go on with it."""
    say(f'$ weryai bulk run photos -p "{PROMPT}"')
    command = [
        sys.executable, "-m", "weryai", "--base-url", url, "bulk", "run", "photos", "-p", PROMPT, "--rate", "2",
        "--start-rate", "2", "--interval", "0.25",
    ]  # fmt: skip
    surroundings = {**os.environ, "WERYAI_API_KEY": KEY}
    return subprocess.Popen(
        command, cwd=FOLDER, env=surroundings, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def follow(running: subprocess.Popen[str], until: str = "") -> None:
    """Print what the run says, up to the first line that holds the words."""
    assert running.stdout
    for line in running.stdout:
        say(f"  {line.rstrip()}")
        if until and until in line:
            return


def main() -> int:
    """Run, pull the plug, run again, look at the bill, and make the report."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    shutil.copytree(SAMPLES, FOLDER / "photos")
    with emulator(speed=4, video="render") as url:
        say(f"The emulator is at {url}; nothing leaves this machine, and nothing is paid.\n")
        first = start(url)
        follow(first, '"event": "done"')
        first.send_signal(signal.SIGKILL)
        first.wait()
        say("\n  kill -9: the plug is pulled.\n")
        second = start(url)
        follow(second)
        second.wait()
        jobs = bill_of(url).jobs
    doubles, tasks = sum(job["is_double"] for job in jobs), sum(job["orders"] for job in jobs)
    say(f"\nThe emulator's bill: {len(jobs)} images, {tasks} tasks, paid twice: {doubles}.")
    say("The report, to be opened in a browser:")
    say(str(bulk.report(LEDGER, FOLDER / "report.html")))
    return 1 if doubles or second.returncode not in (0, 3) else 0


if __name__ == "__main__":
    sys.exit(main())
