"""Bulk runs: the style and the script of the report."""

from PyInstaller.utils.hooks import collect_data_files, collect_submodules

hiddenimports = collect_submodules("weryai.bulk")
datas = collect_data_files("weryai.bulk")
