"""A local web server that plays review sites, app stores, social media and feeds in their true formats.

It knows nothing of the crawlers: it is the check on them.
"""

from demo.clock import PlayClock, system_clock
from demo.replica.faults import ROBOTS, Fault, Faults
from demo.replica.loopback import Request
from demo.replica.posts import Board, Edit, Kind, Post, Reply
from demo.replica.server import Replica

__all__ = [
    "ROBOTS",
    "Board",
    "Edit",
    "Fault",
    "Faults",
    "Kind",
    "PlayClock",
    "Post",
    "Replica",
    "Reply",
    "Request",
    "system_clock",
]
