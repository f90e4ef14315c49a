"""Say in words what changed between two versions of the contract, and whether it breaks callers.

Each change is an error (it breaks callers), a warning (people have to look) or info.
Exit code 0: no error; 1: an error; 2: there was nothing to compare, and one sentence says why.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from spec_diff.change import Found
from spec_diff.contract import Contract, ContractError
from spec_diff.report import compare, lines

ROOT = Path(__file__).resolve().parent.parent
CONTRACT = "openapi/weryai.yaml"


def main(arguments: list[str] | None = None) -> int:
    """Compare two versions, print what changed, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("base", metavar="BASE", help="the version callers know: any git ref")
    parser.add_argument(
        "head", metavar="HEAD", nargs="?", default="", help="the other one; else the file as it lies here"
    )
    options = parser.parse_args(arguments)
    try:
        old, new = version(options.base), version(options.head) if options.head else working_tree()
        found = differences(old, new)
    except ContractError as error:
        print(f"openapi/compare.py: {error}", file=sys.stderr)
        return 2
    print(f"{CONTRACT}: {options.base} -> {options.head or 'the file here'}\n")
    print("\n".join(lines(found, [one.label for one in new.operations()])))
    return int(any(one.change.breaks for one in found))


def differences(old: Contract, new: Contract) -> list[Found]:
    """Compare; a document that is not built like a contract is told in one sentence."""
    try:
        return compare(old, new)
    except (AttributeError, IndexError, KeyError, RecursionError, TypeError, ValueError) as error:
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        raise ContractError(
            f"one of the versions is not built as a contract should be ({reason}); make check says more"
        ) from None


def version(reference: str) -> Contract:
    """Read the contract as it was at a git ref."""
    commit = git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{reference}^{{commit}}")
    if commit is None:
        raise ContractError(f"git knows no commit called {reference!r} here")
    text = git("show", f"{commit.decode().strip()}:{CONTRACT}")
    if text is None:
        raise ContractError(f"there is no {CONTRACT} at {reference!r}")
    return parse(text, f"{CONTRACT} at {reference!r}")


def git(*words: str) -> bytes | None:
    """Return what git prints, or None where it refuses."""
    try:
        done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, check=False)
    except OSError as error:
        raise ContractError(f"git does not start: {error}") from None
    return done.stdout if done.returncode == 0 else None


def working_tree() -> Contract:
    """Read the contract as it lies here."""
    try:
        return parse((ROOT / CONTRACT).read_bytes(), CONTRACT)
    except OSError as error:
        raise ContractError(f"{CONTRACT} cannot be read: {error.strerror}") from None


def parse(text: bytes, name: str) -> Contract:
    """Read one version of the contract; what is no contract is told apart in one line."""
    try:
        return Contract(YAML(typ="safe").load(text.decode()))
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else "?"
        raise ContractError(f"{name} is no YAML: line {line}: {error.problem}") from None
    except (YAMLError, UnicodeDecodeError) as error:
        raise ContractError(f"{name} is no YAML: {str(error).splitlines()[0]}") from None
    except ContractError as error:
        raise ContractError(f"{name} cannot be compared: {error}") from None


if __name__ == "__main__":
    sys.exit(main())
