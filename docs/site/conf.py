"""How Sphinx makes the site; `docs/site/build.py` lays out the folder that it reads."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "overlays"))

from weryai import __version__  # noqa: E402

project = "weryai"
author = "The weryai maintainers"
project_copyright = author
version = release = __version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
root_doc = "index"
myst_heading_anchors = 4

html_theme = "furo"
html_title = f"weryai {release}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
# The site asks no other host for anything, and its pages are the same whenever they are made.
html_show_sphinx = False
html_copy_source = False
html_last_updated_fmt = None
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented_params"
autodoc_member_order = "bysource"
autodoc_default_options = {"members": True, "show-inheritance": True}
napoleon_google_docstring = True
suppress_warnings = ["ref.python", "docutils"]
