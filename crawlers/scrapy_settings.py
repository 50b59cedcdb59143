"""How Scrapy is set: polite, bounded, silent about what people wrote."""

import importlib.metadata
from collections.abc import Mapping
from typing import Any

from scrapy.settings import default_settings

from storage.configuration import CrawlSettings

PRODUCT = "Klachtenradar"
LARGEST_ANSWER = 10 * 1024 * 1024
LONGEST_ADDRESS = 8_000
"""Signs, as servers take. Scrapy silently drops what is longer than its own 2,083, and looking up 25 posts may be."""
LONGEST_ANSWER_S = 30.0
TRIES_IN_A_CRAWL = 4
"""How often a silent site may be waited for within the time limit of a crawl, so that its end can be told."""
SHORTEST_ANSWER_S = 1.0
LEFT_OUT = frozenset(
    {
        "scrapy.downloadermiddlewares.cookies.CookiesMiddleware",
        "scrapy.extensions.remote_control.RemoteControl",
        "scrapy.extensions.telnet.TelnetConsole",
    }
)
"""Switched off below; Scrapy would import them all the same, which takes a tenth of a whole crawl's CPU time."""


def settings(crawl: CrawlSettings, invited: bool = False) -> dict[str, Any]:
    """Scrapy's settings for one crawl. robots.txt is obeyed unless we are `invited`, see `crawlers.job.Job`."""
    delay, limit = crawl.delay.total_seconds(), crawl.timeout.total_seconds()
    return {
        "USER_AGENT": user_agent(crawl.contact),
        "ROBOTSTXT_OBEY": not invited,
        "ROBOTSTXT_USER_AGENT": PRODUCT,
        "DOWNLOAD_DELAY": delay,
        "DOWNLOAD_DELAY_JITTER": 0,
        "CONCURRENT_REQUESTS": 1,
        "CONCURRENT_REQUESTS_PER_DOMAIN": 1,
        # Bytes of answers that are being read while the next request is made: none, because an answer may turn
        # out to be a refusal. The time that reading takes counts as part of the delay.
        "SCRAPER_SLOT_MAX_ACTIVE_SIZE": 1,
        # It never goes below DOWNLOAD_DELAY, and grows with how long a site takes to answer.
        "AUTOTHROTTLE_ENABLED": True,
        "AUTOTHROTTLE_START_DELAY": delay,
        "AUTOTHROTTLE_MAX_DELAY": max(60.0, delay),
        "DOWNLOAD_TIMEOUT": max(SHORTEST_ANSWER_S, min(LONGEST_ANSWER_S, limit / TRIES_IN_A_CRAWL)),
        "DOWNLOAD_MAXSIZE": LARGEST_ANSWER,
        "DOWNLOAD_WARNSIZE": 0,
        "URLLENGTH_LIMIT": LONGEST_ADDRESS,
        "CLOSESPIDER_TIMEOUT": limit,
        "RETRY_TIMES": 2,
        # Without 429: who asks for fewer requests gets none.
        "RETRY_HTTP_CODES": [500, 502, 503, 504, 522, 524, 408],
        # The spider judges every status; the retrying one would log addresses, of which some are secret.
        "HTTPERROR_ALLOW_ALL": True,
        "RETRY_GIVE_UP_LOG_LEVEL": "DEBUG",
        "REDIRECT_MAX_TIMES": 5,
        "METAREFRESH_ENABLED": False,
        "COOKIES_ENABLED": False,
        "REFERRER_POLICY": "no-referrer",
        "HTTPCACHE_ENABLED": False,
        "TELNETCONSOLE_ENABLED": False,
        "REMOTE_CONTROL_ENABLED": False,
        "MEMUSAGE_ENABLED": False,
        "LOG_LEVEL": "INFO",
        "LOG_INSTALL_ROOT_HANDLER": False,
        "LOGSTATS_INTERVAL": 0,
        "STATS_DUMP": False,
        # It reads the source of every callback at each start, which linting has done before.
        "WARN_ON_GENERATOR_RETURN_VALUE": False,
        "ITEM_PIPELINES": {"crawlers.pipeline.StoringPipeline": 100},
        "EXTENSIONS_BASE": _loaded(default_settings.EXTENSIONS_BASE),
        "DOWNLOADER_MIDDLEWARES_BASE": _loaded(default_settings.DOWNLOADER_MIDDLEWARES_BASE),
        "DOWNLOADER_MIDDLEWARES": {
            "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
            "crawlers.robots.ObeyRobots": 100,
            "scrapy.downloadermiddlewares.retry.RetryMiddleware": None,
            "crawlers.retries.HeedRetryAfter": 550,
        },
        "DEFAULT_REQUEST_HEADERS": {"Accept-Language": "nl, en;q=0.5"},
        "TWISTED_REACTOR": "twisted.internet.asyncioreactor.AsyncioSelectorReactor",
    }


def _loaded(parts: Mapping[str, int]) -> dict[str, int]:
    return {name: place for name, place in parts.items() if name not in LEFT_OUT}


def user_agent(contact: str) -> str:
    """Who reads, and where to complain about it."""
    contact = "".join(character for character in contact if character.isprintable() and character not in "()")
    return f"{PRODUCT}/{version()} (+{contact.strip()})" if contact.strip() else f"{PRODUCT}/{version()}"


def version() -> str:
    try:
        return importlib.metadata.version("klachtenradar")
    except importlib.metadata.PackageNotFoundError:
        return "0"
