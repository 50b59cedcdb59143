"""One crawl in a process of its own: `python -m crawlers.child`, told what to do in one line of JSON on stdin.

Stdin stays open as a lifeline: when it closes, the parent is gone and this process ends too.
"""

import gc
import json
import logging
import os
import signal
import threading

GRACE_S = 3.0
"""How long a crawl may take to end by itself once its parent is gone."""
ORPHANED = 3
STDIN = 0
TOLD_AS_HEALTH = frozenset({"scrapy.downloadermiddlewares.robotstxt"})
"""It shows a whole traceback where a robots.txt cannot be fetched, of which the crawl's outcome has the cause."""


def main() -> None:
    """Crawl as told. Raises what keeps it from being written down how that went."""
    # Until Scrapy takes the signal over there is nothing to end in order: no traceback of whatever is imported.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    order = json.loads(_first_line())
    _log(order["log"])
    threading.Thread(target=_watch_parent, daemon=True).start()
    gc.disable()  # nothing that is imported is rubbish; a crawl turns it on again
    from crawlers import errand

    errand.run(order)


def _log(level: int) -> None:
    """To stderr, as loud as the parent."""
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for handler in logging.getLogger().handlers:
        handler.addFilter(_is_of_the_source)


def _is_of_the_source(record: logging.LogRecord) -> bool:
    """What Scrapy tells of itself at every start says nothing of the source."""
    if record.name.startswith("crawlers"):
        return True
    return record.levelno >= logging.WARNING and record.name not in TOLD_AS_HEALTH


def _first_line() -> bytes:
    # Unbuffered, like the watch below: a thread that waits in a buffered read keeps Python from ending.
    line = bytearray()
    while not line.endswith(b"\n"):
        piece = os.read(STDIN, 65_536)
        if not piece:
            raise EOFError("the order broke off")
        line += piece
    return bytes(line)


def _watch_parent() -> None:
    while os.read(STDIN, 1024):
        pass
    os.kill(os.getpid(), signal.SIGINT)
    threading.Event().wait(GRACE_S)
    os._exit(ORPHANED)


if __name__ == "__main__":
    main()
    logging.shutdown()
    # Everything is written: taking Scrapy and the tables apart again would take longer than starting them did.
    os._exit(0)
