"""Before the program: where its emulator has started it once more, as the worker that renders, be that and end."""

import sys

if sys.argv[1:2] == ["--weryai-emulator-renders"]:
    from weryai.emulator._video.render import main

    sys.exit(main(sys.argv[2:]))
