"""An application that orders videos and hears when they are ready: uvicorn fastapi_webhooks:app.

POST /videos orders one, GET /videos/TASK_ID tells how far it is. PUBLIC_URL is where the service reaches this
application. HOOK_SECRET is 16 characters or more, the same in every process.
"""

import contextlib
import os
from collections.abc import AsyncIterator

from fastapi import FastAPI, HTTPException

import weryai
from weryai.webhooks import Receiver, WebhookEvent, asgi_app

receiver = Receiver(os.environ["PUBLIC_URL"] + "/hooks/weryai", secret=os.environ["HOOK_SECRET"])
finished: dict[str, dict] = {}


@contextlib.asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Keep one client for the application's life; closing it waits for paid requests that are under way."""
    async with weryai.AsyncWeryAI(journal=True) as client:
        app.state.weryai = client
        yield


async def on_event(event: WebhookEvent) -> None:
    """A delivery is only a hint: ask the service itself what became of the task."""
    task = await app.state.weryai.tasks.get(event.task_id)
    if task.ended:
        finished[task.id] = task.to_dict()


app = FastAPI(lifespan=lifespan)
app.mount("/hooks/weryai", asgi_app(receiver, on_event=on_event))


@app.post("/videos")
async def order(image_url: str, prompt: str) -> dict:
    """Order a video; the id is on disk before anything can fail."""
    try:
        submission = await app.state.weryai.image_to_video.submit(
            image_url, prompt=prompt, webhook_url=receiver.callback_url
        )
    except weryai.WeryAIError as error:
        # "unknown" may have been billed: whoever calls must not simply order again.
        raise HTTPException(502, {"message": str(error), "outcome": str(error.outcome)}) from error
    return submission.to_dict()


@app.get("/videos/{task_id}")
async def look(task_id: str) -> dict:
    """Tell how far a task is; a webhook that got lost changes nothing."""
    return finished.get(task_id) or (await app.state.weryai.tasks.get(task_id)).to_dict()
