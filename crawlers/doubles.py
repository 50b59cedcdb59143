"""Sources that bring the same reviews, where the two kinds cannot know it: each review would count twice."""

from collections.abc import Iterator
from itertools import combinations

from crawlers.parameters.apps import AppleParameters, AppStoreConnectParameters
from crawlers.parameters.types import Parameters
from crawlers.sources import faults_of, parameters_of
from storage.configuration import Configuration, Fault, SourceSettings


def doubles(configuration: Configuration) -> Iterator[Fault]:
    """Each pair of sources that reads one app by its public feed and by its own interface, for one brand.

    Google Play's two kinds, Trustpilot's and Reddit's share the ids of their posts: what both read is one mention.
    """
    enabled = [one for one in configuration.source if one.enabled and not any(faults_of(one))]
    for one, other in combinations(enabled, 2):
        if _brands_meet(one, other) and _same_app(parameters_of(one), parameters_of(other)):
            yield Fault(
                f"source {other.name}",
                f"reads the same app as {one.name}, and Apple gives a review another id in each: "
                "every review counts twice; keep the one of App Store Connect",
            )


def _brands_meet(one: SourceSettings, other: SourceSettings) -> bool:
    return one.brand is None or other.brand is None or one.brand == other.brand


def _same_app(one: Parameters, other: Parameters) -> bool:
    if isinstance(other, AppleParameters):
        one, other = other, one
    if not isinstance(one, AppleParameters) or not isinstance(other, AppStoreConnectParameters):
        return False
    here = AppStoreConnectParameters(app_id=one.app_id, country=one.country)
    return (here.app_id, here.territory) == (other.app_id, other.territory)
