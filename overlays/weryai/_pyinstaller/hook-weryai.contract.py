"""The contract suite: the template of its page."""

from PyInstaller.utils.hooks import collect_data_files, collect_submodules

hiddenimports = collect_submodules("weryai.contract")
datas = collect_data_files("weryai.contract")
