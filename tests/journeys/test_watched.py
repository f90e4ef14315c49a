"""Whoever watches the requests of a program sees ours: by the tools that patch httpx, which are used unmodified."""

import json
import os
import subprocess
import sys

import pytest

from fakes.answers import STATUS, SUBMIT, TASK, accepted, looked
from fakes.faulty_server import FaultyServer

pytestmark = pytest.mark.timeout(60)
KEY = "sk-watched-0123456789"
WORK = """
import asyncio, json, sys
from weryai import AsyncWeryAI, WeryAI
key, url = sys.argv[1:]

def blocking():
    with WeryAI(key, base_url=url) as client:
        client.tasks.get(client.image_to_video.submit("https://example.com/a.jpg", prompt="Wave").task_ids[0])

async def awaiting():
    async with AsyncWeryAI(key, base_url=url) as client:
        sent = await client.image_to_video.submit("https://example.com/a.jpg", prompt="Bow")
        await client.tasks.get(sent.task_ids[0])
"""
SENTRY = """
import sentry_sdk
from sentry_sdk.integrations.httpx import HttpxIntegration

class Kept(sentry_sdk.transport.Transport):
    def capture_envelope(self, envelope):
        for event in (item.get_transaction_event() for item in envelope.items):
            seen.extend(event["spans"] if event else ())

seen = []
sentry_sdk.init("https://public@sentry.invalid/1", traces_sample_rate=1.0, default_integrations=False,
                auto_enabling_integrations=False, integrations=[HttpxIntegration()], transport=Kept(),
                trace_propagation_targets=[".*"])
with sentry_sdk.start_transaction(name="work"):
    blocking()
with sentry_sdk.start_transaction(name="work"):
    asyncio.run(awaiting())
sentry_sdk.flush()
seen = [span for span in seen if span["op"] == "http.client"]
print(json.dumps([[span["description"].partition(" ")[0], span["data"]["http.response.status_code"]] for span in seen]))
print(seen)
"""
DATADOG = """
import os
os.environ |= {"DD_INSTRUMENTATION_TELEMETRY_ENABLED": "false", "DD_REMOTE_CONFIGURATION_ENABLED": "false"}
import ddtrace
from ddtrace.trace import TraceFilter, tracer

class Kept(TraceFilter):
    def process_trace(self, trace):
        seen.extend(trace)

seen = []
tracer.configure(trace_processors=[Kept()])
ddtrace.patch(httpx=True)
blocking()
asyncio.run(awaiting())
print(json.dumps([[span.get_tag("http.method"), int(span.get_tag("http.status_code"))] for span in seen]))
print([(span.resource, span.get_tags()) for span in seen])
"""


@pytest.mark.parametrize(
    ("tool", "header"), [(SENTRY, "sentry-trace"), (DATADOG, "x-datadog-trace-id")], ids=["sentry", "datadog"]
)
def test_who_traces_httpx_sees_each_request(faulty_server: FaultyServer, tool: str, header: str) -> None:
    """Sentry and Datadog see each submit and each poll, blocking and awaited, send their header along, and no key."""
    faulty_server.default("POST", SUBMIT, accepted())
    faulty_server.default("GET", STATUS, looked("processing"))
    program = [sys.executable, "-c", WORK + tool, KEY, faulty_server.url]
    done = subprocess.run(program, capture_output=True, text=True, env={**os.environ, "DD_TRACE_ENABLED": "true"})
    assert done.returncode == 0, done.stderr
    counted, told = done.stdout.split("\n", 1)
    assert json.loads(counted) == [["POST", 200], ["GET", 200]] * 2
    assert [request.method for request in faulty_server.requests] == ["POST", "GET"] * 2
    assert [request for request in faulty_server.requests if header not in request.headers] == []
    assert TASK in told
    assert KEY not in told
