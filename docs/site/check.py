"""Look at the site that was made: no dead link, nothing from another host, a search that knows what people ask."""

import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

#: What somebody in trouble looks for.
WORDS = ("refund", "6010", "ambiguous", "webhook")


class Page(HTMLParser):
    """The links, the anchors and what a browser loads for one page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.anchors: set[str] = set()
        self.text = ""
        self._code = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what a tag names."""
        found = {name: value or "" for name, value in attrs}
        self._code += tag in ("pre", "code")
        if "id" in found:
            self.anchors.add(found["id"])
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
        elif tag == "link" and found.get("rel") in ("stylesheet", "icon", "preload"):
            self.loads.append(found["href"])
        elif "src" in found:
            self.loads.append(found["src"])

    def handle_endtag(self, tag: str) -> None:
        """Note where code ends."""
        self._code -= tag in ("pre", "code")

    def handle_data(self, data: str) -> None:
        """Note what people read as prose."""
        self.text += "" if self._code else data


def problems(site: Path) -> list[str]:
    """Return what is wrong with a site, a line each."""
    pages = {path: Page(path.read_text(encoding="utf-8")) for path in sorted(site.rglob("*.html"))}
    found = [] if pages else [f"there are no pages in {site}"]
    for path, page in pages.items():
        name = path.relative_to(site)
        # A list of Python in a sentence is something that nobody put into words.
        found += [f"{name} shows Python: {shown}" for shown in re.findall(r"\[?\{[\u2018'\"]\w+.{0,20}", page.text)]
        found += [f"{name} loads {url}" for url in page.loads if urlsplit(url).netloc]
        for link in (one for one in page.links if not urlsplit(one).scheme and not urlsplit(one).netloc):
            parts = urlsplit(link)
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            there = pages[target].anchors if target in pages else None
            if not target.exists() or (parts.fragment and there is not None and unquote(parts.fragment) not in there):
                found.append(f"{name} links to {link}, which is not there")
    index = (site / "searchindex.js").read_text(encoding="utf-8")
    found += [f"the search does not know {word!r}" for word in WORDS if not re.search(rf'"?{word[:6]}\w*"?:', index)]
    return found


if __name__ == "__main__":
    said = problems(Path(sys.argv[1]).resolve())
    print("\n".join(said), end="\n" if said else "", file=sys.stderr)
    sys.exit(bool(said))
