"""The command line, whose commands for bulk runs are imported by their names."""

from PyInstaller.utils.hooks import collect_submodules

hiddenimports = collect_submodules("weryai.cli")
