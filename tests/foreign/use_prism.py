"""Call every operation of a mock by prism with our client: `use_prism.py URL IMAGE static|dynamic`.

A static mock answers with the contract's examples, so each call has to succeed. A dynamic one makes answers up by
the schemas, so each call has to end in a result or in an error of ours. A request that prism refuses is a failure.
"""

import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from weryai import WeryAI, WeryAIError
from weryai_api.api.almighty_reference_to_video import submit_almighty_reference_to_video
from weryai_api.models import AlmightyReferenceToVideoRequest

IMAGE = "https://example.com/reference.jpg"
ROUNDS = {"static": 1, "dynamic": 5}


def calls(client: WeryAI, photo: Path) -> dict[str, Callable[[], Any]]:
    """One call of each operation."""
    references = AlmightyReferenceToVideoRequest(model="WERYDANCE_2_0", duration=5, images=[IMAGE], prompt="She dances")
    return {
        "submitImageToVideo": lambda: client.image_to_video.submit(IMAGE, prompt="She waves", caller_id=42, force=True),
        "submitTextToVideo": lambda: client.text_to_video.submit("A fox runs through snow", force=True),
        "submitMultiImageToVideo": lambda: client.multi_image_to_video.submit([IMAGE] * 2, prompt="Dusk", force=True),
        "submitFirstLastImageToVideo": lambda: client.first_last_frame.submit(IMAGE, IMAGE, prompt="Dusk", force=True),
        "submitAlmightyReferenceToVideo": lambda: client.call(submit_almighty_reference_to_video, body=references),
        "getTaskStatus": lambda: client.tasks.get("task_abc123"),
        "getBatchStatus": lambda: client.batches.get("123456789"),
        "getBalance": client.account.balance,
        "listVideoModels": client.models.list,
        "uploadFile": lambda: client.files.upload(photo),
    }


def main(url: str, photo: str, kind: str) -> int:
    """Print what failed; return the exit code."""
    warnings.simplefilter("ignore")
    failed = []
    with WeryAI("sk-emulator", base_url=url, models_base_url=url) as client:
        for _ in range(ROUNDS[kind]):
            for name, call in calls(client, Path(photo)).items():
                try:
                    call()
                except WeryAIError as error:
                    if kind == "static" or "UNPROCESSABLE" in str(error):
                        failed.append(f"prism {kind}: {name}: {type(error).__name__}: {error}")
                except Exception as error:
                    failed.append(f"prism {kind}: {name}: {type(error).__name__}: {error}")
    print("\n".join(failed), file=sys.stderr, end="\n" if failed else "")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
