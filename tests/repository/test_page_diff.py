"""`make page-diff` names what a page tells otherwise than the contract; the page here has the layout, not the words."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import page as page_command
from contract import facts

ROOT = Path(__file__).resolve().parents[2]
WORDS = {
    ("minLength", "maxLength"): "Required string length: {minLength} - {maxLength}",
    ("maxLength",): "Maximum string length: {maxLength}",
}


def page() -> str:
    """The endpoint's page as a browser copies it, with sentences of our own."""
    method, *path = [facts.METHOD, *(part for word in facts.URL.split("/")[3:] for part in ("/", word))]
    lines = ["Skip to main content", method, *path, facts.SUMMARY, "curl --request POST \\", "  --data '"]
    lines += [*json.dumps(facts.REQUEST, indent=2).split("\n"), "'", *json.dumps(facts.REPLY, indent=2).split("\n"), ""]
    lines += ["Authorizations", "", "Authorization", "string", "header", "required", "", "A key of yours.", ""]
    lines += ["Body", "", "application/json"]
    for name in [*facts.REQUIRED, *facts.OPTIONAL]:
        lines += [name, facts.TYPES[name] + (f"<{facts.FORMATS[name]}>" if name in facts.FORMATS else "")]
        lines += ["required"] if name in facts.REQUIRED else []
        lines += [f"default:{json.dumps(facts.DEFAULTS[name])}"] if name in facts.DEFAULTS else []
        lines += ["", f"Our words on {name.replace('_', ' ')}", ""]
        if name == "model":
            lines += ["Model NameModel Key", *("".join(model) for model in facts.MODELS)]
        if name == "image":
            lines[-2] += f" (supports {', '.join(facts.IMAGE_FORMATS)})"
        if name in facts.LENGTHS:
            lines += [WORDS[tuple(facts.LENGTHS[name])].format(**facts.LENGTHS[name])]
        lines += ["Required range: x <= 1"] if name == "video_number" else []
        if name in facts.FIELD_EXAMPLES:
            lines += ["Example:", "", json.dumps(facts.FIELD_EXAMPLES[name]), ""]
    lines += ["Response", "", "Taken", ""]
    for name, kind in facts.ENVELOPE.items():
        lines += [name, kind, "", f"Our words on {name}", "", "Example:", "", json.dumps(facts.REPLY[name]), ""]
    return "\n".join([*lines, "data", "object"])


def compared(folder: Path, text: str) -> subprocess.CompletedProcess[str]:
    """What the command says of a page."""
    place = folder / "page.txt"
    place.write_text(text, encoding="utf-8")
    command = [sys.executable, "openapi/page.py", str(place)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


def compared_here(place: Path, data: bytes, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    """The same, in this process: exit code, output and errors."""
    place.write_bytes(data)
    code = page_command.main([str(place)])
    told = capsys.readouterr()
    return code, told.out, told.err


def test_the_page_as_it_is(tmp_path: Path) -> None:
    """On the page that the contract was written from, all that differs is known, and each says why."""
    done = compared(tmp_path, page())
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert "\ndiffers " not in f"\n{done.stdout}"
    assert "known     video_number minimum" in done.stdout


EDITS = {
    "a limit": ("1 - 2000", "1 - 3000", "prompt maxLength: 3000 on the page, 2000", "maxLength: 3000"),
    "a maximum": ("x <= 1", "x <= 4", "video_number maximum: 4 on the page, 1", "maximum: 4"),
    "a limit that is gone": ("Maximum string length: 1000", "", "negative_prompt maxLength: nothing on the page", ""),
    "a limit in words": (
        *("Maximum string length: 1000", "Maximum string length: 1000\nMaximum token count: 1,000"),
        *("negative_prompt limit: Maximum token count: 1,000 on the page", ""),
    ),
    "a default": ("default:1", "default:2", "video_number default: 2 on the page, 1", "default: 2"),
    "a type": ("duration\ninteger", "duration\nnumber", "duration type: number on the page, integer", "type: number"),
    "a mark": ("aspect_ratio\nstring\nrequired", "aspect_ratio\nstring", "aspect_ratio required: false", ""),
    "another mark": ("resolution\nstring", "resolution\nstring\nrequired", "resolution required: true", ""),
    "a model more": ("Veo 3VEO_3\n", "Veo 3VEO_3\nNova 1NOVA_1\n", "model NOVA_1: Nova 1 on the page", "- NOVA_1"),
    "a model less": ("Wan2.5WAN_2_5\n", "", "model WAN_2_5: nothing on the page, Wan2.5", ""),
    "a model's name": ("Kling O1KLING_O1", "Kling One\tKLING_O1", "model KLING_O1: Kling One on the page", ""),
    "the order of models": ("Sora 2SORA_2\n", "Sora 2 ProSORA_2_PRO\nSora 2SORA_2\n", "model order", ""),
    "a field more": (
        "caller_id\n",
        "seed\ninteger\n\nx\n\ncaller_id\n",
        "seed: a new field on the page",
        "seed:\n  type",
    ),
    "a field less": ("resolution\nstring\n\nOur words on resolution\n", "", "resolution: nothing on the page", ""),
    "a field's example": ('\n"16:9"\n', '\n"9:16"\n', "aspect_ratio example: 9:16 on the page, 16:9", ""),
    "the request": ('"duration": 5,', '"duration": 8,', "example request", '"duration": 8'),
    "the reply": ('"task_abc123"', '"t1"', "example reply", "t1"),
    "picture types": ("jpeg, png", "jpeg, gif, png", 'image x-formats: ["jpg", "jpeg", "gif"', "gif"),
    "another type of the answer": ("status\ninteger", "status\nstring", "status type: string on the page, integer", ""),
    "an option beside its title": (
        *("resolution\nstring\n", "resolution\nenum<string>\n\nAvailable options: 720p, 1080p\n"),
        *('resolution enum: ["720p", "1080p"] on the page', 'enum: ["720p", "1080p"]'),
    ),
    "options, then words": (
        *("resolution\nstring\n", "resolution\nenum<string>\n\nAvailable options:\n720p,\n1080p\n"),
        *('resolution enum: ["720p", "1080p"] on the page', ""),
    ),
    "a field that goes": (
        *("resolution\nstring\n", "resolution\nstring\ndeprecated\n", "resolution deprecated: true on the page", ""),
    ),
    "a field that may be null": (
        *("prompt\nstring\nrequired", "prompt\nstring | null\nrequired", "prompt type: string |", ""),
    ),
    "a model with a long key": (
        *("Veo 3VEO_3\n", "Veo 3VEO_3\nVeo 9 FastCHATBOT_VEO_9_FAST\n"),
        *("model CHATBOT_VEO_9_FAST: Veo 9 Fast on the page", ""),
    ),
    "a field of the answer": ("message\nstring", "message\ninteger", "message type: integer on the page", ""),
}


@pytest.mark.parametrize(("old", "new", "told", "paste"), EDITS.values(), ids=list(EDITS))
def test_an_edit_is_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, told: str, paste: str
) -> None:
    """Each single change of the page is the one difference, with its line in both and the words to paste."""
    text = page()
    assert text.count(old) == 1
    code, out, error = compared_here(tmp_path / "page.txt", text.replace(old, new).encode(), capsys)
    assert code == 1, out + error
    (found,) = [line for line in out.splitlines() if line.startswith("differs ")]
    assert told in found
    assert paste in out
    where = re.search(r"\(page: ?(\d+|absent), contract:(\d+)\)", found)
    assert where
    assert int(where[2]) > 0
    if where[1] != "absent":
        assert abs(int(where[1]) - text[: text.index(old)].count("\n") - 1) <= 12


@pytest.mark.parametrize(
    ("line", "told"),
    {
        "1 < x < 15": {"exclusiveMinimum: 1", "exclusiveMaximum: 15"},
        "1 <= x < 15": {"exclusiveMaximum: 15"},
        "0 < x <= 15": {"exclusiveMinimum: 0", "maximum: 15"},
        "2 <= x": {"minimum: 2"},
    }.items(),
)
def test_a_range_with_two_ends(tmp_path: Path, capsys: pytest.CaptureFixture[str], line: str, told: set[str]) -> None:
    """Each end of a range counts, with or without its own number."""
    text = page().replace("Our words on duration", f"Our words\n\nRequired range: {line}")
    _, out, _ = compared_here(tmp_path / "page.txt", text.encode(), capsys)
    found = set(re.findall(r"(?m)^differs +duration (\w+: \d+) on the page", out))
    assert found == told


@pytest.mark.parametrize("length", [2000, 1500, 2200])
def test_a_page_that_was_cut(tmp_path: Path, length: int) -> None:
    """What a copy ends before was not seen; nothing is called gone, and a word cut in two is no other word."""
    text = page()
    assert len(text) > length
    done = compared(tmp_path, text[:length])
    assert done.returncode == 0, done.stdout
    assert "\ndiffers " not in f"\n{done.stdout}"
    assert "not seen  caller_id" in done.stdout


def test_a_cut_page_is_compared_as_far_as_it_goes(tmp_path: Path) -> None:
    """A difference before the cut is told all the same."""
    done = compared(tmp_path, page().replace("Veo 3VEO_3\n", "")[:2000])
    assert done.returncode == 1
    assert "model VEO_3: nothing on the page" in done.stdout


def translated(text: str) -> str:
    """The page with its headings and marks in another language."""
    for english, other in (("Body", "请求体"), ("Response", "响应"), ("Authorizations", "授权"), ("required", "必填")):
        text = text.replace(f"\n{english}\n", f"\n{other}\n")
    return text


NO_PAGES = {
    "nothing": (b"", "no line has a method"),
    "another text": (b"Not a page at all", "no line has a method"),
    "a page that the contract has not": (
        b"POST\n/\nv9\n/\nnothing\nTitle\nBody\n",
        "has no POST /v9/nothing; it has /v1/",
    ),
    "HTML source": (f"<!DOCTYPE html><html><body>{page()}</body>".encode(), "HTML source"),
    "a translated page": (translated(page()).encode(), "take the English page"),
    "another encoding": (translated(page()).encode("gb18030"), "can't decode"),
}


@pytest.mark.parametrize(("data", "told"), NO_PAGES.values(), ids=list(NO_PAGES))
def test_what_is_no_page(tmp_path: Path, capsys: pytest.CaptureFixture[str], data: bytes, told: str) -> None:
    """What cannot be read as the page of an operation is an error of its own that says why, never "nothing differs"."""
    code, out, error = compared_here(tmp_path / "page.txt", data, capsys)
    assert (code, out) == (2, "")
    assert told in error and error.count("\n") == 1


def table(title: str, row: str, between: str = "\n") -> str:
    """The page with its table of models copied in another way."""
    rows = [row.format(name, key) for name, key in facts.MODELS]
    old = "\n".join(["Model NameModel Key", *("".join(model) for model in facts.MODELS)])
    return page().replace(old, between.join([title, *rows]))


def joined(text: str, *, marks: bool) -> str:
    """The page with a field's type, and its mark if that is wanted, on the line of its name."""
    kind = r"(string|integer|boolean|object)(<\w+>)?"
    text = re.sub(rf"\n([a-z_]\w*)\n{kind}(?=\n)", r"\n\1 \2\3", text)
    return re.sub(rf"(?m)^(\w+ {kind})\nrequired$", r"\1 required", text) if marks else text


SPELLINGS = {
    "Windows": page().replace("\n", "\r\n").encode("utf-8-sig"),
    "an old Mac": page().replace("\n", "\r").encode(),
    "Notepad": page().encode("utf-16"),
    "hard blanks": page().replace(" ", "\u00a0").encode(),
    "signs of a word processor": re.sub('"([^"\n]*)"', "\u201c\\1\u201d", page()).replace(" - ", " \u2013 ").encode(),
    "a sign of mathematics": page().replace("<=", "\u2264").encode(),
    "signs that nobody sees": page().replace("_", "\u200b_").encode(),
    "blank lines": page().replace("\n", "\n\n").encode(),
    "indented": re.sub("(?m)^", "\t", page()).encode(),
    "examples beside their title": page().replace("Example:\n\n", "Example: ").encode(),
    "marks as titles": page().replace("\nrequired\n", "\nRequired\n").encode(),
    "types beside names": joined(page(), marks=False).encode(),
    "types and marks beside names": joined(page(), marks=True).encode(),
    "the path beside the method": re.sub(r"POST\n[^S]*", f"POST {facts.URL[22:]}\n", page()).encode(),
    "a menu of operations": f"GET\nAsk\nPOST\nOrder\n{page()}".encode(),
    "a table with tabs": table("Model Name\tModel Key", "{}\t{}").encode(),
    "a table with blanks": table("Model Name Model Key", "{} {}").encode(),
    "a table of Markdown": table("| Model Name | Model Key |\n|---|---|", "| {} | `{}` |").encode(),
    "a line for each cell": table("Model Name\n\nModel Key", "{}\n\n{}").encode(),
    "a quotation": re.sub("(?m)^", "> ", page()).encode(),
    "bullets": re.sub(r"(?m)^(?=\w+\n(?:string|integer)$)", "* ", page()).encode(),
    "bold names and types as code": re.sub(r"(?m)^(\w+)\n(string|integer)$", r"**\1**\n`\2`", page()).encode(),
    "formats with or": page().replace("png, webp)", "png or webp)").encode(),
    "a table in one line": table("Model NameModel Key", "{}{}", "").encode(),
    "a table in one line with blanks": table("Model Name Model Key", "{} {}", " ").encode(),
}


@pytest.mark.parametrize("data", SPELLINGS.values(), ids=list(SPELLINGS))
def test_whatever_a_copy_went_through(tmp_path: Path, capsys: pytest.CaptureFixture[str], data: bytes) -> None:
    """A copy of any browser, editor or system is the same page, and a change in it is found at its line."""
    code, out, error = compared_here(tmp_path / "page.txt", data, capsys)
    assert (code, "differs " in out.replace("nothing differs", ""), error) == (0, False, ""), out
    text = data.decode("utf-16" if data.startswith(b"\xff\xfe") else "utf-8-sig")
    assert text.count("1000") == 1
    code, out, _ = compared_here(tmp_path / "page.txt", text.replace("1000", "900").encode(), capsys)
    (found,) = [line for line in out.splitlines() if line.startswith("differs ")]
    where = len(text[: text.index("1000")].splitlines())
    assert (code, f"maxLength: 900 on the page, 1000 in the contract (page:{where}," in found) == (1, True), found


def test_a_cut_anywhere_makes_nothing_gone() -> None:
    """Wherever a copy ends, what it lacks is not seen: no difference is made up."""
    contract, known = page_command.read_contract()
    text, models = page(), page_command.known_models(contract)
    wrong = {}
    for length in range(text.index(facts.SUMMARY), len(text), 11):
        found = page_command.Comparison(page_command.read_page(text[:length], models), contract, known).findings()
        told = [str(one) for one in found if isinstance(one, page_command.Difference) and not one.known]
        if told:
            wrong[length] = told
    assert wrong == {}


UPLOAD = """POST
/
v1
/
generation
/
upload-file
Our title
curl --request POST \\
  --form file='@example-file'
{
  "status": 0,
  "desc": "success",
  "message": "success",
  "data": {
    "object_url_list": [
      "https://static.weryai.com/growth/video/weryai_1234567890abcdef.mp4"
    ]
  }
}
Body
multipart/form-data
file
file
required
Our words
batch_no
string
fixed
boolean
default:false
Response
data
object"""
OTHERS = {
    "a form": (UPLOAD, None),
    "a form with another default": (UPLOAD.replace("default:false", "default:true"), "fixed default: true on the page"),
    "a form with another reply": (UPLOAD.replace("weryai_1", "other_1"), "example reply"),
    "a form with a field more": (UPLOAD.replace("fixed\n", "seed\ninteger\nfixed\n"), "seed: a new field"),
    "no body": ("GET\n/\nv1\n/\ngeneration\n/\n{taskId}\n/\nstatus\nResponse\ndata\nobject", None),
    "no body, another type": (
        "GET\n/v1/generation/balance\nTitle\nResponse\ndata\nboolean\nx\ninteger",
        "data type: boolean",
    ),
}


@pytest.mark.parametrize(("text", "told"), OTHERS.values(), ids=list(OTHERS))
def test_pages_of_other_operations(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, told: str | None
) -> None:
    """A page with a form, or of a call without a body, is compared like any other; the reply is its only JSON."""
    code, out, error = compared_here(tmp_path / "page.txt", text.encode(), capsys)
    found = [line for line in out.splitlines() if line.startswith("differs ")]
    envelope = [line for line in found if re.match(r"differs +(status|desc|message): nothing on the page", line)]
    others = [line for line in found if line not in envelope and not line.startswith("differs   x:")]
    assert error == "" and code == (1 if found else 0)
    assert len(others) == (1 if told else 0), out
    assert told is None or told in others[0]
