"""Make the site from the documents, the docstrings and the contract: `make docs`.

The documents are copied into a folder as they lie in the repository, so that their links hold. Beside them come pages
that nobody types, from the docstrings and from the contract. Every warning is an error.
"""

import inspect
import re
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml
from sphinx.cmd.build import build_main

import weryai
from weryai._client import RESOURCES, resource_class
from weryai._protocol.envelope import CODES

ROOT = Path(__file__).resolve().parents[2]
SITE = ROOT / "build" / "site"
ROOT_PAGES = ("ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md")
#: The navigation: titles, and the pages below them.
PARTS: dict[str, tuple[str, ...]] = {
    "Use it": (
        "docs/requests", "docs/waiting-and-webhooks", "docs/paid-once", "docs/bulk", "docs/many-machines",
        "docs/command-line", "docs/examples",
    ),
    "Test with it": ("docs/emulator", "docs/testing"),
    "The API": (
        "api/operations", "api/schemas", "api/codes", "docs/contract", "docs/contract-suite", "docs/how-it-fits",
    ),
    "Reference": (
        "reference/resources", "reference/client", "reference/bulk", "reference/webhooks", "reference/emulator",
    ),
    "Trust it": ("docs/safety", "docs/security", "docs/benchmarks", "docs/comparison"),
    "Change it": (
        "ARCHITECTURE", "CONTRIBUTING", "docs/modules", "docs/decisions", "docs/glossary", "docs/releasing",
        "docs/licences",
        "CHANGELOG",
    ),
}  # fmt: skip
#: The public names that have no page of their own are on the page of the module they are imported from.
REFERENCE = {
    "client": (
        "weryai",
        "The client",
        "The clients, what they return, and every error. Their methods are on [a page of their own](resources.md).",
    ),
    "bulk": ("weryai.bulk", "Bulk runs", "`from weryai import bulk`, with the extra `bulk`."),
    "webhooks": ("weryai.webhooks", "Webhooks", "`from weryai.webhooks import ...`"),
    "emulator": ("weryai.emulator", "The emulator", "`from weryai.emulator import ...`, with the extra `emulator`."),
}

CODES_INTRO = """# Error codes

Two published tables give different meanings to the same code. This client follows the server's own enum, and the
message where a code means several things. See [the fields of a refusal](schemas.md#errorreply)."""

RESOURCES_INTRO = """# What a client does

On `WeryAI` a method returns, on `AsyncWeryAI` it is awaited. Names and parameters are the same."""


def main() -> int:
    """Lay the pages out, then let Sphinx make HTML of them."""
    with tempfile.TemporaryDirectory() as place:
        pages = Path(place)
        lay_out(pages)
        shutil.rmtree(SITE, ignore_errors=True)
        code = build_main(["-q", "-W", "--keep-going", "-b", "html", str(pages), str(SITE)])
    if not code:
        print(SITE / "index.html")
    return code


def lay_out(pages: Path) -> None:
    """Fill a folder with all that Sphinx reads."""
    here = Path(__file__).parent
    config = (here / "conf.py").read_text(encoding="utf-8")
    (pages / "conf.py").write_text(config.replace("Path(__file__).resolve().parents[2]", f"Path({str(ROOT)!r})"))
    (pages / "_static").mkdir()
    shutil.copy(here / "site.css", pages / "_static")
    shutil.copytree(ROOT / "docs", pages / "docs", ignore=shutil.ignore_patterns("site"))
    for name in ROOT_PAGES:
        write(pages / name, (ROOT / name).read_text(encoding="utf-8"))
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    write(pages / "index.md", f"{without_contents(readme)}\n{navigation(pages)}")
    contract = yaml.safe_load((ROOT / "openapi" / "weryai.yaml").read_text(encoding="utf-8"))
    write(pages / "api" / "operations.md", operations_page(contract))
    write(pages / "api" / "schemas.md", schemas_page(contract))
    write(pages / "api" / "codes.md", codes_page(contract))
    write(pages / "reference" / "resources.md", resources_page())
    for name, (module, title, intro) in REFERENCE.items():
        write(pages / "reference" / f"{name}.md", reference_page(module, title, intro))
    for page in pages.rglob("*.md"):
        page.write_text(to_repository(page.relative_to(pages), page.read_text(encoding="utf-8"), pages))


def write(path: Path, text: str) -> None:
    """Write a page, in a folder that may not exist yet."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def without_contents(readme: str) -> str:
    """Return the README without its table of contents and its list of pages: the site has both at its side."""
    for title in ("Contents", "Documentation"):
        readme = re.sub(rf"^## {title}\n.*?(?=^## |\Z)", "", readme, flags=re.MULTILINE | re.DOTALL)
    return readme


def navigation(pages: Path) -> str:
    """Return the tables of contents that the side bar is made of, of the pages that exist."""
    made = {f"api/{name}" for name in ("operations", "schemas", "codes")}
    made |= {f"reference/{name}" for name in (*REFERENCE, "resources")}
    known = {page for part in PARTS.values() for page in part}
    rest = sorted(
        name
        for path in (pages / "docs").rglob("*.md")
        if (name := path.relative_to(pages).with_suffix("").as_posix()) not in known
    )
    parts = {**PARTS, "More": tuple(rest)}
    found = {
        title: [one for one in part if one in made or (pages / f"{one}.md").exists()] for title, part in parts.items()
    }
    blocks = ["```{toctree}\n:hidden:\n\nQuickstart <self>\n```"]
    blocks += [
        f"```{{toctree}}\n:hidden:\n:caption: {title}\n:maxdepth: 1\n\n" + "\n".join(part) + "\n```"
        for title, part in found.items()
        if part
    ]
    return "\n\n".join(blocks) + "\n"


def to_repository(page: Path, text: str, pages: Path) -> str:
    """Turn links to what is no page of the site into plain words, and those to the README into its first page."""

    def link(match: re.Match[str]) -> str:
        words, target = match.groups()
        path, _, title = target.partition("#")
        if not path or "://" in target or target.startswith("mailto:"):
            return match[0]
        if Path(path).name == "README.md":
            up = "../" * (len(page.parts) - 1)
            return f"[{words}]({up}index.md{'#' + title if title else ''})"
        return match[0] if (pages / page.parent / path).exists() else words

    return re.sub(r"(?<!!)\[([^\]]+)\]\(([^)\s]+)\)", link, text)


def sources_of(thing: dict[str, Any]) -> str:
    """Say where a fact was read and how far to trust it."""
    found = thing.get("x-source")
    if found is None:
        return ""
    entries = found if isinstance(found, list) else [found]
    return "; ".join(f"{entry['doc']} ({entry['confidence']})" for entry in entries)


def cell(text: object) -> str:
    """Make a text fit a cell of a table."""
    return " ".join(str(text).split()).replace("|", "\\|").replace("<", "&lt;")


def name_of(reference: str) -> str:
    """Return the name at the end of a reference."""
    return reference.rsplit("/", 1)[-1]


def type_of(schema: dict[str, Any]) -> str:
    """Say what a value may be, with links to the schemas that have a name."""
    if "$ref" in schema:
        return f"[{name_of(schema['$ref'])}](schemas.md#{name_of(schema['$ref']).lower()})"
    if "const" in schema:
        return f"`{schema['const']}`"
    for word in ("anyOf", "oneOf", "allOf"):
        if word in schema:
            return " or ".join(dict.fromkeys(type_of(one) for one in schema[word]))
    kinds = schema.get("type", "anything")
    text = " or ".join(kinds) if isinstance(kinds, list) else str(kinds)
    if "items" in schema:
        text = f"{text} of {type_of(schema['items'])}"
    return text


LIMITS = {
    "minLength": "at least {} characters", "maxLength": "at most {} characters", "minimum": "at least {}",
    "maximum": "at most {}", "minItems": "at least {} items", "maxItems": "at most {} items", "pattern": "matches `{}`",
    "format": "{}", "default": "default `{}`", "exclusiveMinimum": "more than {}",
}  # fmt: skip


def limits_of(schema: dict[str, Any]) -> str:
    """Say the limits of a value in words."""
    found = [words.format(schema[name]) for name, words in LIMITS.items() if name in schema]
    if "enum" in schema:
        found.append(", ".join(f"`{word}`" for word in schema["enum"]))
    return "; ".join(found)


def fields_table(schema: dict[str, Any]) -> str:
    """Return a table of the fields of an object, each with its source and confidence."""
    required = set(schema.get("required", ()))
    lines = ["| field | type | limits | what it is | source |", "|---|---|---|---|---|"]
    for name, field in schema.get("properties", {}).items():
        mark = " **required**" if name in required else ""
        cells = (type_of(field) + mark, limits_of(field), field.get("description", ""), sources_of(field))
        lines.append(f"| `{name}` | " + " | ".join(cell(one) for one in cells) + " |")
    return "\n".join(lines)


def operations_page(contract: dict[str, Any]) -> str:
    """Return the page of the operations: what each takes and answers, whether it is paid for, and who says so."""
    info = contract["info"]
    server = contract["servers"][0]["url"]
    parts = ["# Operations", info["summary"], info["description"], f"Contract of {info['version']}, at `{server}`."]
    for path, item in contract["paths"].items():
        for method, operation in item.items():
            if method in ("get", "post", "put", "delete", "patch"):
                parts.append(operation_part(path, method, operation, item))
    lines = [f"| `{name}` | {cell(text)} |" for name, text in info["x-sources"].items()]
    parts.append("## Sources\n\n| source | what it is |\n|---|---|\n" + "\n".join(lines))
    return "\n\n".join(parts) + "\n"


def operation_part(path: str, method: str, operation: dict[str, Any], item: dict[str, Any]) -> str:
    """Return what is to be said of one operation."""
    server = item["servers"][0]["url"] if "servers" in item else ""
    paid = "**Costs credits.**" if operation.get("x-paid") else "Free."
    lines = [
        f"## {operation['operationId']}",
        f"`{method.upper()} {server}{path}`: {operation['summary']}. {paid}",
        operation.get("description", ""),
        f"Source: {sources_of(operation)}." if sources_of(operation) else "",
    ]
    for media, content in operation.get("requestBody", {}).get("content", {}).items():
        lines.append(f"Takes {media}: {type_of(content['schema'])}.")
    answers = []
    for status, answer in operation["responses"].items():
        bodies = ", ".join(type_of(content["schema"]) for content in answer.get("content", {}).values())
        what = bodies or name_of(answer.get("$ref", ""))
        answers.append(f"| {status} | {what} | {cell(answer.get('description', ''))} |")
    lines.append("| HTTP status | body | when |\n|---|---|---|\n" + "\n".join(answers))
    return "\n\n".join(line for line in lines if line)


def schemas_page(contract: dict[str, Any]) -> str:
    """Return the page of the schemas, field by field, and the error codes as a list that search finds."""
    parts = ["# Fields and words\n\nEach fact has its source and how far to trust it."]
    for name, schema in contract["components"]["schemas"].items():
        lines = [
            f"## {name}",
            schema.get("description", ""),
            f"Source: {sources_of(schema)}." if sources_of(schema) else "",
        ]
        lines.append(
            fields_table(schema) if "properties" in schema else f"Values: {limits_of(schema) or type_of(schema)}."
        )
        parts.append("\n\n".join(line for line in lines if line))
    return "\n\n".join(parts) + "\n"


def codes_page(contract: dict[str, Any]) -> str:
    """Return the error codes: what the sources say, what this client raises, and what to do.

    The theme's search drops numbers, so each code is an entry of the index, which it does not drop.
    """
    entries = contract["components"]["schemas"]["ErrorReply"]["x-error-codes"]
    parts = [CODES_INTRO]
    for entry in entries:
        code, said = entry["code"], entry.get("meaning") or ""
        kind = CODES.get(code)
        also = f" In the docs guide it means: {cell(entry['docs'])}." if entry.get("docs") else ""
        title = f"{code} {said}".strip()
        what = f"`{kind.__name__}`: {kind.advice}" if kind else "`APIError`, or what the message hints at."
        rest = {
            name: value for name, value in entry.items() if name not in ("code", "meaning", "docs", "doc", "confidence")
        }
        more = "".join(f" {cell(told(name, value))}." for name, value in rest.items() if name != "level")
        source = f"Source: {entry['doc']} ({entry['confidence']})."
        parts += [f"```{{index}} {code}\n```", f"## {title}", f"{what}{also}{more}", source]
    return "\n\n".join(parts) + "\n"


SAID = {"again": "Whether to try again", "also": "It is also told as"}


def told(name: str, value: object) -> str:
    """Return a fact of an error code in words; of several sources each with how far to trust it."""
    found = value if isinstance(value, list) else [value]
    said = [
        f"{one.get('says', one.get('meaning'))} ({one['doc']}, {one['confidence']})" if isinstance(one, dict) else one
        for one in found
    ]
    return f"{SAID.get(name, name)}: {'; '.join(map(str, said))}"


def resources_page() -> str:
    """Return the methods of a client, by the name under which a user calls them."""
    parts = [RESOURCES_INTRO]
    for name in RESOURCES:
        kind = resource_class(name)
        parts.append(f"## client.{name}\n\n{inspect.getdoc(kind) or ''}")
        for method in public_methods(kind):
            parts.append(method_part(name, method, getattr(kind, method)))
    return "\n\n".join(parts) + "\n"


def public_methods(kind: type[Any]) -> list[str]:
    """Return the names of the methods in the order in which they are written, those of base classes first."""
    names = dict.fromkeys(name for base in reversed(kind.__mro__) for name in vars(base))
    return [name for name in names if not name.startswith("_") and callable(getattr(kind, name, None))]


def method_part(resource: str, name: str, function: Any) -> str:
    """Return one method: its signature as it is called, and its docstring."""
    signature = inspect.signature(function)
    result = re.sub(r"^Stream\[(.*)\]$", r"\1", str(signature.return_annotation))
    given = [one for one in signature.parameters.values() if one.name != "self"]
    text = str(signature.replace(parameters=given, return_annotation=inspect.Signature.empty)).replace("'", "")
    if len(text) > 70:
        text = "(\n    " + re.sub(r", (?=\*|\w+: )", ",\n    ", text[1:-1]) + ",\n)"
    doc = inspect.getdoc(function) or ""
    return f"### {resource}.{name}\n\n```python\nclient.{resource}.{name}{text} -> {result}\n```\n\n{doc}"


def reference_page(module: str, title: str, intro: str) -> str:
    """Return a page that lets autodoc tell the public names of a module, but those that are told of the client."""
    options = "" if module == "weryai" else f"   :exclude-members: {', '.join(weryai.__all__)}\n"
    return f"# {title}\n\n{intro}\n\n```{{eval-rst}}\n.. automodule:: {module}\n   :imported-members:\n{options}```\n"


if __name__ == "__main__":
    sys.exit(main())
