"""The command line. Only public names of weryai are used."""

from __future__ import annotations

import contextlib
import io
import os
import re
import sys
import warnings
from collections.abc import Iterator, Sequence
from typing import ClassVar

import click

import weryai
from weryai import errors

from ._output import OutputLostError, check_help_shown, plain, say, unfailing
from ._signals import exit_code, gentle
from ._words import Commands, copyable, examples, forget, in_words, remember

EXAMPLES = examples(
    "weryai demo",
    'weryai generate photo.jpg -p "Make the person wave their hand" -o wave.mp4',
    'weryai bulk run photos/ -p "The sea begins to move" --budget 100',
)
UNREACHED = "Is the network up, and WERYAI_BASE_URL right if it is set? `weryai doctor` looks."
EXIT_CODES = """
\b
Exit codes:
  0    done
  1    the service refused, or the task failed
  2    wrong option, image or setting, no journal, a file that is there, or
       a repeated request; nothing was sent
  3    the outcome is unknown: it may have been billed
  4    waiting ended early; the task goes on, see `weryai wait`
  5    the video exists, but could not be fetched or stored
  6    the service was not reached; nothing was sent
  7    the key was refused
  130  interrupted with Ctrl-C; 143 by SIGTERM, 129 by SIGHUP
"""


# What nobody reads to its end: a word of more than 200 letters.
_LONG = re.compile(r"(\S{200})\S+")


class _Commands(Commands):
    homes: ClassVar = {
        "balance": ("_info", "Print the credits left."),
        "bulk": ("_bulk", "Animate many images, each paid for once."),
        "completion": ("_info", "Print the completion script of a SHELL."),
        "contract": ("_info", "Ask a service whether it keeps the contract."),
        "demo": ("_emulate", "Make a video on this machine: no account, no key, no network."),
        "doctor": ("_info", "Look for what is wrong, and say what to do."),
        "download": ("_orders", "Fetch the video of a finished task, or of a URL."),
        "emulate": ("_emulate", "Serve the WeryAI API on this machine, without an account."),
        "generate": ("_generate", "Make a video, and print its path as the last line."),
        "models": ("_info", "List the models, or what one model, its KEY, takes."),
        "orders": ("_orders", "List the unfinished orders of this service and key."),
        "resolve": ("_orders", "Say what became of an ambiguous ORDER, after you have looked."),
        "resume": ("_orders", "Go on after a crash: fetch what was paid for."),
        "submit": ("_generate", "Submit as `generate` does, and print the task ids at once."),
        "upload": ("_generate", "Put an IMAGE where the service can fetch it: print its URL."),
        "wait": ("_orders", "Wait for submitted tasks, and fetch their videos."),
    }


@click.group(
    cls=_Commands,
    help="""Turn an image into a video with WeryAI.

    The key is read from WERYAI_API_KEY. `weryai demo` shows the whole way without a key or an account.
    """,
    epilog=f"{EXAMPLES}\n\n{EXIT_CODES}",
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(weryai.__version__, prog_name="weryai")
@click.option("--api-key", help="Better: WERYAI_API_KEY, which no process list shows.")
@click.option("--base-url", help="Another URL of the API. [env: WERYAI_BASE_URL]")
@click.option("-v", "--verbose", is_flag=True, help="Write a line for each request to standard error.")
def cli(api_key: str | None, base_url: str | None, verbose: bool) -> None:
    remember("base_url", base_url)
    if verbose:
        _tell_log()


copyable(cli)


def _tell_log() -> None:
    """Say what the library logs, and warnings of others."""
    import logging

    class Lines(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            say(f"{record.name}: {record.getMessage()}")

    root, ours = logging.getLogger(), logging.getLogger("weryai")
    handler = Lines()
    root.addHandler(handler)
    before = ours.level
    ours.setLevel(logging.DEBUG)

    @click.get_current_context().call_on_close
    def silence() -> None:
        root.removeHandler(handler)
        ours.setLevel(before)


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code; whatever happens is told in words, never as a traceback."""
    forget()
    with unfailing(), gentle(), _quiet_library(arguments):
        code = _run(arguments)
        lost = getattr(sys.stdout, "lost", None)
        # Who closed the pipe knows; of a full disk nobody else would tell.
        if lost is not None and not isinstance(lost, BrokenPipeError):
            say(f"weryai: {OutputLostError(lost)}")
        return code


def _run(arguments: Sequence[str]) -> int:
    try:
        code = cli.main(list(arguments), prog_name="weryai", standalone_mode=False)
        check_help_shown()
        return code if isinstance(code, int) else 0
    except SystemExit as ending:
        # So click ends a completion.
        return int(ending.code or 0)
    except OutputLostError as error:
        return error.code
    except click.NoSuchOption as error:
        return _told_by_click(error, _of_the_group(error) or _of_an_argument(error))
    except click.ClickException as error:
        return _told_by_click(error)
    except (click.Abort, KeyboardInterrupt) as error:
        return _report(error.__cause__ or error, "Interrupted.", exit_code())
    except (errors.ConfigurationError, errors.InvalidInputError, errors.JournalError) as error:
        return _report(error, str(error), 2)
    except errors.NotSentError as error:
        return _report(error, f"{plain(error).removesuffix('.')}. {UNREACHED}", _exit_code(error))
    except errors.WeryAIError as error:
        return _report(error, plain(error), _exit_code(error))
    except ImportError as error:
        return _report(error, str(error), 2)
    except OSError as error:
        return _report(error, _told_by_system(error), _exit_code(error))
    except Exception as error:
        mistake = f"{type(error).__name__}: {error}. This is a mistake in weryai; please report it."
        return _report(error, mistake, _exit_code(error))


def _told_by_click(error: click.ClickException, better: str | None = None) -> int:
    """Say a mistake of usage, with what is wrong in better words where there are any."""
    told = io.StringIO()
    error.show(told)
    # What click lists stands behind a tab.
    lines = [_LONG.sub(r"\1…", line.expandtabs(2)) for line in told.getvalue().splitlines()]
    say(*(f"weryai: {better or line[7:]}" if line.startswith("Error: ") else line for line in lines))
    return error.exit_code


def _of_the_group(error: click.NoSuchOption) -> str | None:
    """Say where an option of all commands stands, for one that stands behind its command."""
    for option in cli.params:
        if error.option_name in option.opts and error.ctx is not None:
            command = error.ctx.command_path.removeprefix("weryai ")
            value = "" if getattr(option, "is_flag", False) else f" {str(option.name).rpartition('_')[2].upper()}"
            return f"{error.option_name} stands before the command: `weryai {error.option_name}{value} {command}`"
    return None


def _of_an_argument(error: click.NoSuchOption) -> str | None:
    """Say that what is no option, such as --image, is named without one."""
    wanted = error.option_name.lstrip("-").removesuffix("s").removesuffix("-id")
    for argument in error.ctx.command.params if error.ctx is not None else ():
        shown = argument.make_metavar(error.ctx).strip("[].")  # type: ignore[arg-type]
        if isinstance(argument, click.Argument) and wanted == shown.lower().removesuffix("_id"):
            return f"there is no option {error.option_name}: `{error.ctx.command_path} {shown}` takes it without one"  # type: ignore[union-attr]
    return None


def _told_by_system(error: OSError) -> str:
    """What the system refuses, with the file; without one it may be the working folder, which somebody removed."""
    try:
        where = error.filename or os.getcwd()
    except OSError:
        where = "the working folder"
    return f"{where}: {error.strerror or error}"


@contextlib.contextmanager
def _quiet_library(arguments: Sequence[str]) -> Iterator[None]:
    """Tell warnings as lines, also where Python is asked to raise them; the log is told by --verbose alone."""
    with warnings.catch_warnings():
        warnings.filters[:] = [("default" if one[0] == "error" else one[0], *one[1:]) for one in warnings.filters]  # type: ignore[index]
        warnings.showwarning = _show_warning
        if "logging" in sys.modules or len(arguments) > 1:
            import logging

            # What the library logs about an interrupted submission is told at the end.
            logging.getLogger("weryai").addHandler(logging.NullHandler())
        yield


def _exit_code(error: Exception) -> int:
    match error:
        case errors.OutcomeUnknownError() | errors.ContractError(may_have_been_billed=True):
            return 3
        case errors.TaskTimeoutError():
            return 4
        case errors.DownloadError():
            return 5
        # It was accepted, so that no script may take it for refused.
        case _ if getattr(error, "paid_task_ids", ()):
            return 4
        case errors.NotSentError():
            return 6
        case errors.AuthenticationError():
            return 7
        case _:
            return 1


def _report(error: BaseException, message: str, code: int) -> int:
    """Say what happened, and what the library noted about it, such as the task id to resume with."""
    for text in (message, *map(plain, getattr(error, "__notes__", ()))):
        # What this package found wrong before it sent anything may have several lines.
        for line in text.splitlines() or [""]:
            say(line if line == "Interrupted." else f"weryai: {in_words(line)}")
    return code


def _show_warning(message: Warning | str, *_: object, **__: object) -> None:
    say(f"weryai: {in_words(str(message))}")
