"""What the contract keeps to beyond being valid OpenAPI; each rule returns its complaints."""

from collections.abc import Callable, Iterator
from typing import Any

import jsonschema_rs

Contract = dict[str, Any]
Rule = Callable[[Contract], Iterator[str]]

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
CONFIDENCES = {"official docs", "official code", "third party", "inference", "reconstructed"}


def nodes(value: Any, path: str = "#") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object of the document with its path, examples left out: they are data."""
    if isinstance(value, dict):
        yield path, value
        for key, inner in value.items():
            if key not in ("example", "examples", "default", "enum") or path.endswith("/properties"):
                yield from nodes(inner, f"{path}/{key}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from nodes(inner, f"{path}/{index}")


def resolve(contract: Contract, reference: str) -> Any:
    """What a reference points at; KeyError if nothing."""
    target: Any = contract
    for part in reference.removeprefix("#/").split("/"):
        target = target[part.replace("~1", "/").replace("~0", "~")]
    return target


def direct(contract: Contract, value: dict[str, Any]) -> dict[str, Any]:
    """An object, behind its reference if it is one."""
    while "$ref" in value:
        value = resolve(contract, value["$ref"])
    return value


def operations(contract: Contract, *, webhooks: bool = True) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every operation with its name for complaints."""
    items = [*contract["paths"].items(), *(contract.get("webhooks", {}).items() if webhooks else ())]
    for path, item in items:
        yield from ((f"{method.upper()} {path}", item[method]) for method in METHODS if method in item)


def request_media(contract: Contract, operation: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each media type of an operation's request."""
    if "requestBody" in operation:
        yield from direct(contract, operation["requestBody"])["content"].items()


def response_media(contract: Contract, operation: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each media type of an operation's responses, with its code."""
    for code, response in operation["responses"].items():
        for media_type, media in direct(contract, response).get("content", {}).items():
            yield f"{code} {media_type}", media


def reachable(contract: Contract, schema: Any, seen: set[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object below a schema, behind references too."""
    for path, node in nodes(schema):
        yield path, node
        reference = node.get("$ref")
        if reference and reference not in seen:
            seen.add(reference)
            for inner_path, inner in reachable(contract, resolve(contract, reference), seen):
                yield f"{reference}{inner_path.removeprefix('#')}", inner


def validator(contract: Contract, schema: dict[str, Any]) -> Any:
    """A validator of one schema that knows the components; formats are checked."""
    return jsonschema_rs.Draft202012Validator({**schema, "components": contract["components"]}, validate_formats=True)


def every_reference_resolves(contract: Contract) -> Iterator[str]:
    """A reference points at something in this document."""
    for path, node in nodes(contract):
        reference = node.get("$ref")
        if isinstance(reference, str):
            try:
                resolve(contract, reference)
            except (KeyError, TypeError):
                yield f"{path}: {reference} points at nothing"


def every_operation_is_complete(contract: Contract) -> Iterator[str]:
    """An operation has its own security, a camelCase operationId, one described tag, a summary and a description."""
    tags = {tag["name"] for tag in contract["tags"] if tag.get("description")}
    for name, operation in operations(contract):
        if "security" not in operation:
            yield f"{name}: no security of its own"
        identifier = operation.get("operationId", "")
        if not (identifier.isascii() and identifier.isalnum() and identifier[:1].islower()):
            yield f"{name}: operationId {identifier!r} is not camelCase"
        if len(operation.get("tags", [])) != 1 or operation["tags"][0] not in tags:
            yield f"{name}: not exactly one described tag"
        yield from (f"{name}: no {word}" for word in ("summary", "description") if not operation.get(word, "").strip())


def operation_ids_are_unique(contract: Contract) -> Iterator[str]:
    """No two operations share a name."""
    names = [operation.get("operationId") for _, operation in operations(contract)]
    yield from sorted({f"{name} is used twice" for name in names if names.count(name) > 1})


def every_call_needs_the_key(contract: Contract) -> Iterator[str]:
    """Every operation that we call is secured by the bearer key and nothing else."""
    for name, operation in operations(contract, webhooks=False):
        if operation.get("security") != [{"bearerAuth": []}]:
            yield f"{name}: security is {operation.get('security')}"


def every_operation_documents_failure(contract: Contract) -> Iterator[str]:
    """An operation documents a success, a client error, a server error and any other answer."""
    for name, operation in operations(contract, webhooks=False):
        codes = "".join(code[0] for code in operation["responses"])
        yield from (f"{name}: no {wanted}xx response" for wanted in "245" if wanted not in codes)
        if "default" not in operation["responses"]:
            yield f"{name}: no default response"


def everything_has_an_example(contract: Contract) -> Iterator[str]:
    """Each request and each response with a body shows an example."""
    for name, operation in operations(contract):
        media = [*request_media(contract, operation), *response_media(contract, operation)]
        yield from (f"{name}: {kind} has no example" for kind, one in media if not one.get("examples"))


def every_example_is_valid(contract: Contract) -> Iterator[str]:
    """Each example of a request, a response, a schema or a parameter satisfies its schema, formats included."""
    for path, node in nodes(contract):
        if "schema" in node:
            named = {key: direct(contract, one).get("value") for key, one in node.get("examples", {}).items()}
            values = {**named, **({"example": node["example"]} if "example" in node else {})}
            schema = node["schema"]
        elif isinstance(node.get("examples"), list) or "default" in node:
            values = {str(index): value for index, value in enumerate(node.get("examples", []))}
            values |= {"default": node["default"]} if "default" in node else {}
            schema = node
        else:
            continue
        for name, value in values.items():
            for error in validator(contract, schema).iter_errors(value):
                yield f"{path} example {name}: {error.message}"


def every_fact_has_a_source(contract: Contract) -> Iterator[str]:
    """Each operation, parameter, schema and property says where it was read and how sure that is."""
    documents = set(contract["info"]["x-sources"])
    for name, fact in facts(contract):
        sources = fact.get("x-source")
        listed = sources if isinstance(sources, list) else [sources]
        for source in listed or [None]:
            if not isinstance(source, dict) or set(source) != {"doc", "confidence"}:
                yield f"{name}: no x-source with doc and confidence"
            elif source["doc"] not in documents or source["confidence"] not in CONFIDENCES:
                yield f"{name}: unknown source or confidence {source}"


def facts(contract: Contract) -> Iterator[tuple[str, dict[str, Any]]]:
    """Everything that needs a source."""
    yield from operations(contract)
    for path, node in nodes(contract):
        if "in" in node and "name" in node and "schema" in node:
            yield path, node
    for path, node in nodes(contract["components"]["schemas"], "#/components/schemas"):
        if path.count("/") == 3:
            yield path, node
        if isinstance(node.get("properties"), dict) and not path.endswith("/properties"):
            yield from ((f"{path}/{name}", one) for name, one in node["properties"].items())


def requests_are_closed(contract: Contract) -> Iterator[str]:
    """Every object of a request refuses fields it does not know."""
    for name, operation in operations(contract, webhooks=False):
        for kind, media in request_media(contract, operation):
            for path, node in reachable(contract, media["schema"], set()):
                if "properties" in node and node.get("additionalProperties") is not False:
                    yield f"{name} {kind}: {path} is open"


def responses_are_open(contract: Contract) -> Iterator[str]:
    """No object of a response or a webhook refuses fields it does not know."""
    received = [("response", *one) for _, op in operations(contract) for one in response_media(contract, op)]
    received += [("webhook", *one) for _, op in webhook_operations(contract) for one in request_media(contract, op)]
    for what, kind, media in received:
        for path, node in reachable(contract, media["schema"], set()):
            if node.get("additionalProperties", True) is not True or node.get("unevaluatedProperties") is False:
                yield f"{what} {kind}: {path} is closed"


def webhook_operations(contract: Contract) -> Iterator[tuple[str, dict[str, Any]]]:
    """The operations that the service calls."""
    called = {id(operation) for _, operation in operations(contract, webhooks=False)}
    yield from ((name, one) for name, one in operations(contract) if id(one) not in called)


def links_lead_somewhere(contract: Contract) -> Iterator[str]:
    """A link names an existing operation and parameters which that one has."""
    known = {operation["operationId"]: operation for _, operation in operations(contract) if "operationId" in operation}
    for path, node in nodes(contract):
        for name, link in node.get("links", {}).items() if "/responses/" in path else ():
            target = known.get(link.get("operationId"))
            if target is None:
                yield f"{path} link {name}: no operation {link.get('operationId')}"
                continue
            parameters = {direct(contract, one)["name"] for one in target.get("parameters", [])}
            yield from (
                f"{path} link {name}: no parameter {one}" for one in link["parameters"] if one not in parameters
            )


def nothing_trips_the_generator(contract: Contract) -> Iterator[str]:
    """No date-time (not kept to the letter) and no property called d (a name of the generated code)."""
    for path, node in nodes(contract):
        if node.get("format") in ("date-time", "date"):
            yield f"{path}: {node['format']}"
        if path.endswith("/properties") and "d" in node:
            yield f"{path}: a property called d"


RULES: tuple[Rule, ...] = (
    every_reference_resolves,
    every_operation_is_complete,
    operation_ids_are_unique,
    every_call_needs_the_key,
    every_operation_documents_failure,
    everything_has_an_example,
    every_example_is_valid,
    every_fact_has_a_source,
    requests_are_closed,
    responses_are_open,
    links_lead_somewhere,
    nothing_trips_the_generator,
)
