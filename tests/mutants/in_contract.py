"""Mistakes in the contract beside the limits: words, addresses, shapes of answers, what is known of models."""

from .mutant import CONTRACT, Mutant

PAGE = ("tests/contract/test_page.py",)
OPERATIONS = ("tests/contract/test_operations.py",)
VARIANTS = ("tests/contract/test_variants.py", "tests/contract/test_examples.py")
FACTS = ("tests/contract/test_facts.py",)
SHIPPED = ("tests/unit/generated/test_shipped.py",)
MODELS = ("tests/contract/test_known_models.py",)


def contract(name: str, old: str, new: str, claim: str, first: tuple[str, ...], *covers: str) -> Mutant:
    """A mistake in the contract."""
    return Mutant(f"contract.{name}", CONTRACT, old, new, claim, first, covers)


LINK = """duration 3 is not supported}}
          links:
            taskStatus:
              operationId: getTaskStatus
              description: Ask how far the first task is.
              parameters: {{taskId: $response.body#/data/{}/0}}"""

STATES = [
    contract(
        "state.waiting",
        "waiting: [waiting, pending]",
        "waiting: [waiting]",
        "PENDING is no known word",
        FACTS,
        "state waiting",
    ),
    contract(
        "state.processing",
        "processing: [processing, running]",
        "processing: [processing, running, success]",
        "success means that work goes on",
        FACTS,
        "state processing",
    ),
    contract(
        "state.succeeded",
        "succeeded: [succeed, success, completed, complete]",
        "succeeded: [succeed, success, completed]",
        "complete is no known word",
        FACTS,
        "state succeeded",
    ),
    contract(
        "state.failed",
        "failed: [failed, fail, canceled, error]",
        "failed: [failed, fail, cancelled, error]",
        "canceled is spelt the British way",
        FACTS,
        "state failed",
    ),
]
OTHERS = [
    contract(
        "path",
        "  /v1/generation/image-to-video:",
        "  /v1/generation/image-to-videos:",
        "every submission meets a 404",
        PAGE,
    ),
    contract(
        "host",
        "  - url: https://api.weryai.com\n",
        "  - url: https://api.weryai.ai\n",
        "the key goes to another host",
        PAGE,
    ),
    contract(
        "status-path",
        "/v1/generation/{taskId}/status:",
        "/v1/generation/{taskId}/state:",
        "no task is ever found",
        ("tests/contract/test_requests.py",),
    ),
    contract(
        "registry-host",
        "- url: https://api-growth-agent.weryai.com",
        "- url: https://api-growth.weryai.com",
        "the registry is looked for elsewhere",
        OPERATIONS,
    ),
    contract("scheme", "      scheme: bearer\n", "      scheme: basic\n", "the key travels as a password", PAGE),
    contract(
        "duration-type",
        "        duration:\n          type: integer\n          minimum: 1\n          description: >-",
        "        duration:\n          type: number\n          minimum: 1\n          description: >-",
        "5.5 seconds are ordered",
        PAGE,
    ),
    contract(
        "closed-models",
        '            - $ref: "#/components/schemas/KnownModel"\n'
        "            - {type: string, minLength: 1}\n          examples",
        '            - $ref: "#/components/schemas/KnownModel"\n          examples',
        "a model of tomorrow is refused",
        PAGE,
    ),
    contract(
        "model-typo",
        "        - CHATBOT_VEO_3_1_FAST\n",
        "        - CHATBOT_VEO_3_1_FASTER\n",
        "a known model's key is misspelt",
        PAGE,
    ),
    contract(
        "model-order",
        "        - VEO_3\n        - VEO_3_FAST\n",
        "        - VEO_3_FAST\n        - VEO_3\n",
        "two models have each other's name",
        PAGE,
    ),
    contract(
        "ratio",
        'enum: ["16:9", "9:16", "1:1",',
        'enum: ["16:9", "16:9", "1:1",',
        "upright is no known ratio",
        SHIPPED,
    ),
    contract(
        "paid",
        "reachable from the internet; use `uploadFile` for a local picture.\n      x-paid: true",
        "reachable from the internet; use `uploadFile` for a local picture.\n      x-paid: false",
        "a submission counts as free and is repeated",
        OPERATIONS,
    ),
    contract(
        "status-integer",
        '          type: [integer, string, "null"]\n          description: Business status code.',
        "          type: integer\n          description: Business status code.",
        'the status "0" breaks the contract',
        VARIANTS,
    ),
    contract(
        "task-ids-type",
        '        task_ids:\n          type: [array, "null"]\n          items: {type: string}',
        '        task_ids:\n          type: [array, "null"]\n          items: {type: integer}',
        "task ids are numbers",
        PAGE,
    ),
    contract(
        "single-task-id",
        '        task_id:\n          type: [string, "null"]\n          description: The single',
        '        taskid:\n          type: [string, "null"]\n          description: The single',
        "the single task id has another name",
        FACTS,
    ),
    contract(
        "closed-answer",
        "        `task_result.videos`, `video_url` or `video`, each as an address or as an object.\n"
        "      additionalProperties: true",
        "        `task_result.videos`, `video_url` or `video`, each as an address or as an object.\n"
        "      additionalProperties: false",
        "a field of tomorrow is lost",
        VARIANTS,
    ),
    contract(
        "link", LINK.format("task_ids"), LINK.format("taskIds"), "the link to the status leads nowhere", OPERATIONS
    ),
    contract(
        "images-most",
        "          maxItems: 3\n",
        "          maxItems: 4\n",
        "a storyboard of four pictures is sent",
        OPERATIONS,
    ),
    contract(
        "upload-limit",
        'limit: "< 10 MB"',
        'limit: "< 100 MB"',
        "pictures of 50 MB are said to be fine",
        OPERATIONS,
        "limit image size",
    ),
    contract(
        "upload-flag",
        "          default: false\n          description: Whether the stored file keeps",
        "          default: true\n          description: Whether the stored file keeps",
        "uploads keep a fixed name",
        FACTS,
    ),
    contract(
        "bundled-durations",
        'title: "Veo 3.1 Fast", durations: [8]',
        'title: "Veo 3.1 Fast", durations: [4]',
        "a right length brings a warning",
        MODELS,
    ),
    contract(
        "bundled-sound",
        'title: "Sora 2", durations: [4, 8, 12], aspect_ratios: ["9:16", "16:9"], has_generate_audio: false',
        'title: "Sora 2", durations: [4, 8, 12], aspect_ratios: ["9:16", "16:9"], has_generate_audio: true',
        "sound is said to be had",
        MODELS,
    ),
]
IN_CONTRACT = [*STATES, *OTHERS]
