"""Give openapi-core every example request and reply of the contract: `use_openapi_core.py CONTRACT`.

It refuses every upload: in OpenAPI 3.1 it takes the bytes of a part for no `string`. That is its limit; it is a failure
here if that ends, so that the documents can be mended.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from openapi_core import OpenAPI
from openapi_core.exceptions import OpenAPIError
from openapi_core.testing import MockRequest, MockResponse
from ruamel.yaml import YAML

KEY = {"Authorization": "Bearer sk-emulator"}
UPLOAD = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n\xff\xd8\xff\r\n--b--\r\n'


def operations(contract: Any) -> Iterator[tuple[str, str, str, Any]]:
    """Yield host, path, method and specification of each operation."""
    for path, item in contract["paths"].items():
        host = item.get("servers", contract["servers"])[0]["url"]
        for method in ("get", "post"):
            if method in item:
                yield host, path, method, item[method]


def request(host: str, path: str, method: str, body: Any = None) -> MockRequest:
    """Make a request as the tool wants it."""
    url = path.replace("{taskId}", "task_abc123").replace("{batchId}", "123456789")
    data = None if body is None else json.dumps(body).encode()
    return MockRequest(host, method, url, headers=KEY, data=data)


def examples(holder: Any) -> dict[str, Any]:
    """The examples of a JSON body by name."""
    content = holder.get("content", {}).get("application/json", {})
    return {name: one["value"] for name, one in content.get("examples", {}).items()}


def main(place: str) -> int:
    """Print what is refused; return the exit code."""
    api = OpenAPI.from_file_path(place)
    contract = YAML(typ="safe").load(Path(place).read_text(encoding="utf-8"))
    refused, seen = [], 0
    for host, path, method, spec in operations(contract):
        bodies = examples(spec.get("requestBody", {})) or {"": None}
        for name, body in bodies.items():
            seen += 1
            try:
                if spec["operationId"] != "uploadFile":
                    api.validate_request(request(host, path, method, body))
            except OpenAPIError as error:
                refused.append(f"{spec['operationId']} {name}: {error}: {error.__cause__}")
        for name, body in examples(spec["responses"]["200"]).items():
            seen += 1
            reply = MockResponse(json.dumps(body).encode(), content_type="application/json")
            try:
                api.validate_response(request(host, path, method, next(iter(bodies.values()))), reply)
            except OpenAPIError as error:
                refused.append(f"{spec['operationId']} reply {name}: {error}: {error.__cause__}")
    upload = MockRequest(
        contract["servers"][0]["url"], "post", "/v1/generation/upload-file", headers=KEY, data=UPLOAD,
        content_type="multipart/form-data; boundary=b",
    )  # fmt: skip
    try:
        api.validate_request(upload)
        refused.append("an upload is taken now: its limit in docs/contract.md is gone")
    except OpenAPIError as error:
        if "is not of type 'string'" not in str(error):
            refused.append(f"the upload is refused for another reason: {error}")
    print("\n".join(f"openapi-core: {one}" for one in refused), file=sys.stderr, end="\n" if refused else "")
    return 1 if refused or seen < 30 else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
