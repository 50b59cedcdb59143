"""Tells what is due, in a process that a test can kill: `python -m tests.alerts.telling DATABASE API NOW`."""

import sys
import time
from datetime import datetime

from alerts import deliver
from alerts.notifiers.slack import SlackNotifier
from storage.database import Database
from tests.alerts.world import configuration

if __name__ == "__main__":
    url, api, moment = sys.argv[1:]
    now = datetime.fromisoformat(moment)
    with Database(url) as database:
        channel = SlackNotifier("xoxb-proef", "#reputatie", api, timeout=60)
        deliver.run(database, configuration(), [channel], lambda: now, time.sleep)
