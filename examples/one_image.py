"""One image becomes one video: python one_image.py photo.jpg "She waves"."""

import sys

from weryai import TaskTimeoutError, WeryAI

image, prompt = sys.argv[1], sys.argv[2]
# The key is in WERYAI_API_KEY. With a journal, what is paid for is on disk before anything can fail.
with WeryAI(journal=True) as client:
    try:
        video = client.image_to_video.generate(image, prompt=prompt, output="video.mp4")
    except TaskTimeoutError as error:
        # It goes on and stays paid for: never submit again, `weryai resume` fetches it.
        sys.exit(f"not yet: {error.task_id}")
print(video.path)
