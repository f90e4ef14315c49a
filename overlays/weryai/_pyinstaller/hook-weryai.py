"""The client: its public names are imported when they are first used, by their names."""

from PyInstaller.utils.hooks import collect_submodules

# Who uses one of these imports it, and has a hook of its own for it; each needs an extra.
APART = ("weryai.bulk", "weryai.cli", "weryai.contract", "weryai.emulator", "weryai.testing", "weryai._pyinstaller")

hiddenimports = collect_submodules(
    "weryai", filter=lambda name: not name.startswith(tuple(f"{room}." for room in APART)) and name not in APART
)
