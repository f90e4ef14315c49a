"""What is said to be installed can be: from an index, and for who works in a checkout, whose package no index has."""

import re
import tomllib

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from repository.places import OVERLAY, ROOT, python_files


def test_a_hint_names_packages_and_not_this_one() -> None:
    """Each message names the packages that are missing, each one that we or an extra ask for; never weryai itself."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = [*project["dependencies"], *(one for extra in project["optional-dependencies"].values() for one in extra)]
    known = {canonicalize_name(Requirement(one).name) for one in asked}
    texts = [path.read_text(encoding="utf-8") for path in python_files(OVERLAY)]
    hints = [hint for text in texts for hint in re.findall(r'pip install ([a-z0-9"\[\]_ -]+)', text)]
    named = {canonicalize_name(word.strip('"').partition("[")[0]) for hint in hints for word in hint.split()}
    assert {"pillow", "openpyxl", "psycopg"} <= named <= known
