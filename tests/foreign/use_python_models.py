"""Import the Python that foreign generators made, and order a video at an emulator: `use_python_models.py URL`.

`models` is datamodel-code-generator's module, `openapi_client` openapi-generator's package; both lie on the path.
"""

import sys

import models
import openapi_client
from openapi_client.api.image_to_video_api import ImageToVideoApi
from openapi_client.api.tasks_api import TasksApi

REQUEST = {
    "model": "WERYAI_VIDEO_1_0",
    "prompt": "Make the person wave their hand",
    "image": "https://example.com/reference.jpg",
    "video_number": 1,
    "aspect_ratio": "16:9",
    "duration": 5,
    "generate_audio": False,
}
APIS = {
    *("AccountApi", "AlmightyReferenceToVideoApi", "FilesApi", "FirstLastImageToVideoApi", "ImageToVideoApi"),
    *("ModelsApi", "MultiImageToVideoApi", "TasksApi", "TextToVideoApi"),
}


def main(url: str) -> None:
    """Stop at the first thing that is not as it should be."""
    assert {name for name in APIS if hasattr(openapi_client, name)} == APIS
    assert hasattr(TasksApi, "get_task_status") and hasattr(TasksApi, "get_batch_status")
    settings = openapi_client.Configuration(host=url, access_token="sk-emulator")
    with openapi_client.ApiClient(settings) as client:
        request = openapi_client.ImageToVideoRequest.from_dict(REQUEST)
        reply = ImageToVideoApi(client).submit_image_to_video(request)
        (task_id,) = reply.data.task_ids
        told = TasksApi(client).get_task_status(task_id)
        assert told.data.actual_instance.task_id == task_id

    mine = models.ImageToVideoRequest.model_validate(REQUEST)
    assert mine.model_dump(mode="json", exclude_none=True) == REQUEST
    assert models.SubmitReply.model_validate(reply.to_dict()).data.task_ids == [task_id]


if __name__ == "__main__":
    main(*sys.argv[1:])
