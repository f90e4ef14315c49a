"""The emulator: its page, its image and its video, and public names that are imported by their names."""

from PyInstaller.utils.hooks import collect_data_files, collect_submodules

hiddenimports = collect_submodules("weryai.emulator")
datas = collect_data_files("weryai.emulator")
