"""Tells PyInstaller, by an entry point, what of this package no import names; nothing else imports it."""

from __future__ import annotations

from pathlib import Path


def hook_dirs() -> list[str]:
    """Name the folder with a hook for each room; PyInstaller runs those of the rooms that a program uses."""
    return [str(Path(__file__).parent)]
