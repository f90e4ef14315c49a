"""The generated client, whose operations are imported by their names, and the contract beside it."""

from PyInstaller.utils.hooks import collect_data_files, collect_submodules

hiddenimports = collect_submodules("weryai_api")
datas = collect_data_files("weryai_api")
