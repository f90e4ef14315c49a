"""Mistakes in what makes a video of text, of several images, and of a first and a last frame: those that cost money."""

from .edits import Lose, Swap, Text
from .mutant import Edit, Mutant

OPERATIONS, COMMANDS, SAME = ("test_family",), ("test_command_family",), ("test_same_order", "test_family")


def family(name: str, edit: Edit, claim: str, first: tuple[str, ...] = OPERATIONS) -> Mutant:
    """A mistake in an operation that makes videos."""
    return Mutant(f"overlay.family.{name}", edit, claim, first)


ENDPOINTS = [
    family(
        "endpoint.text",
        Text("text_to_video:_OPERATION", old="/text-to-video", new="/image-to-video"),
        "a prompt alone is ordered where an image is needed",
    ),
    family(
        "endpoint.several",
        Text("multi_image_to_video:_OPERATION", old="/multi-image", new="/image"),
        "several images are ordered where one is taken",
    ),
    family(
        "frames",
        Swap(
            "FirstLastFrame.submit",
            old="{'first_pic_url': A, 'end_pic_url': B}",
            new="{'first_pic_url': B, 'end_pic_url': A}",
        ),
        "the video that is paid for runs backwards",
    ),
    family(
        "chosen", Swap("_by_images", old="(images[0], last)", new="(last, images[0])"), "--last is the first", COMMANDS
    ),
]
ORDERS = [
    family(
        "places",
        Swap("filled", old="urls.get(f'{A}.{B}', C)", new="urls.get(f'{A}.0', C)"),
        "one image stands for all in a video that is paid for",
    ),
    family(
        "uploads",
        Swap("place", old="A.uploads", new="[*A.uploads, *A.uploads]"),
        "each image is uploaded twice",
    ),
    family("content", Lose("place", item="images=contents"), "what was uploaded again is bought again", SAME),
    family(
        "key",
        Swap("prepare_video", old="{'output': A, 'force': B, 'order_key': C}", new="{'output': A, 'force': B}"),
        "a job of a queue is bought twice",
        ("test_repeated_orders",),
    ),
    family(
        "forced",
        Swap("prepare_video", old="{'output': A, 'force': B, 'order_key': C}", new="{'output': A, 'force': True}"),
        "the same is bought again",
        SAME,
    ),
    family(
        "twice",
        Swap("place", old="not A._ready.acquire(blocking=False)", new="A._ready.acquire(blocking=False) and False"),
        "what was prepared is bought twice",
    ),
    family(
        "unknown",
        Swap("place", old="A.outcome in (Outcome.NOT_SENT, Outcome.REFUSED)", new="True"),
        "what may be paid for is sent again",
    ),
    family(
        "several-videos",
        Swap("generate_video", old="(A or 1) != 1", new="False"),
        "four videos are bought and one is stored",
    ),
]
TEXTS = [
    family(
        "told",
        Swap("WeryAIError.outcome", old="if self.paid_task_ids: return A"),
        "an error after the payment says that nothing was sent",
        ("test_errors",),
    ),
    family(
        "marked",
        Swap("Recording.life", old="before_sending(A)"),
        "a journal that is full does not say that nothing was sent",
        ("test_database_file", "test_journal_file"),
    ),
    family(
        "exit",
        Swap("_exit_code", old="getattr(A, 'paid_task_ids', ())", new="False"),
        "a script takes a paid task for a refused one",
        ("test_command_output", "test_command_options"),
    ),
]
FAMILY = [*ENDPOINTS, *ORDERS, *TEXTS]
