"""Copies of one complaint come together, wherever they were posted, and stay mentions of their own."""

from datetime import timedelta

from sqlmodel import col, select

from storage import clusters, corrections, retention, triage, verdicts
from storage.corrections import Answers, Change
from storage.models import ClusterBand, Mention
from storage.records import Sentiment
from storage.verdicts import Judgement
from tests.alerts.world import MODEL, NOW, World
from tests.storage.test_likeness import OUTAGE

TEXT = "Al drie weken wacht ik op mijn geld en niemand bij de klantenservice kan zeggen waar het blijft."
DAY = timedelta(days=1)


def clustered(world: World) -> dict[str, int | None]:
    """The cluster of each mention by its external id, after triage."""
    with world.database.write() as session:
        triage.triage(session, NOW)
    return {one.external_id: one.cluster_id for one in world.all(Mention)}


def groups(world: World) -> list[int]:
    """How many mentions each cluster has, the largest first."""
    found = [cluster for cluster in clustered(world).values() if cluster is not None]
    return sorted((found.count(one) for one in set(found)), reverse=True)


def members(world: World) -> list[int]:
    """The complaints that the cluster of the oldest mention still has."""
    with world.database.read() as session:
        cluster = session.exec(select(Mention.cluster_id).order_by(col(Mention.id)).limit(1)).one()
        return clusters.members(session, cluster or 0)


def test_one_complaint_on_three_sites_is_three_mentions_of_one_cluster(world: World) -> None:
    world.post(NOW, text=TEXT, title="Waar blijft mijn geld?")
    world.post(NOW, text=f"Hallo @snelveld! {TEXT[:80]}… #snelveld", source="berichten", namespace="mastodon")
    world.post(NOW, text=f"Snelveld. {TEXT.replace('geld', 'gled')} https://x.example/1", namespace="feed:x")
    assert groups(world) == [3]
    assert len(world.all(Mention)) == 3


def test_many_people_with_one_problem_are_no_copies(world: World) -> None:
    for text in OUTAGE:
        world.post(NOW, text=text)
    assert groups(world) == [1] * len(OUTAGE)


def test_comments_under_one_title_are_no_copies(world: World) -> None:
    title = "Snelveld stuurt na opzegging nog steeds rekeningen, wie heeft dit ook?"
    world.post(NOW, kind="comment", title=title, text="Hier precies hetzelfde verhaal helaas.")
    world.post(NOW, kind="comment", title=title, text="Ik krijg ze na een jaar nog steeds.")
    assert groups(world) == [1, 1]


def test_what_was_posted_before_we_listened_comes_together_too(world: World) -> None:
    world.post(NOW - 60 * DAY, NOW - 59 * DAY, seen=NOW, text=TEXT)
    assert groups(world) == [2]


def test_copies_about_different_brands_stay_apart(world: World) -> None:
    world.post(NOW, text=f"Snelveld: {TEXT}", source="berichten", namespace="mastodon")
    world.post(NOW, text=f"Belpunt: {TEXT}", source="berichten", namespace="mastodon")
    assert groups(world) == [1, 1]


def test_a_copy_long_after_starts_a_new_cluster(world: World) -> None:
    world.post(NOW - clusters.WINDOW - DAY, text=TEXT)
    world.post(NOW, text=TEXT)
    assert groups(world) == [1, 1]


def test_copies_that_follow_each_other_stay_together(world: World) -> None:
    for days in (12, 6, 0):
        world.post(NOW - days * DAY, text=TEXT)
        clustered(world)
    assert groups(world) == [3]


def test_triage_twice_changes_no_cluster(world: World) -> None:
    ids = world.post(NOW, NOW, text=TEXT)
    first = clustered(world)
    for one in ids:
        untriaged(world, one)
        assert clustered(world) == first


def test_an_edited_text_leaves_the_cluster_that_it_is_no_longer_like(world: World) -> None:
    world.post(NOW, NOW, text=TEXT)
    first = clustered(world)
    edit(world, "r0", "Inmiddels netjes opgelost door een vriendelijke dame, maar het duurde veel te lang.")
    second = clustered(world)
    assert second["r0"] != first["r0"]
    assert second["r1"] == first["r1"]


def test_a_typing_error_put_right_leaves_the_cluster_as_it_is(world: World) -> None:
    world.post(NOW, NOW, text=TEXT)
    first = clustered(world)
    edit(world, "r1", TEXT.replace("klantenservice", "klanten service"))
    assert clustered(world) == first


def test_what_was_removed_or_corrected_is_no_member_any_more(world: World) -> None:
    first, second, third, fourth = world.post(NOW, NOW, NOW, NOW, text=TEXT)
    clustered(world)
    assert members(world) == [fourth, third, second, first]
    world.remove([second])
    change = Change(third, version=1, seen=0, who="Sanne", now=NOW)
    with world.database.write() as session:
        corrections.correct(session, change, Answers(Sentiment.NEUTRAL))
    assert members(world) == [fourth, first]


def test_the_index_forgets_what_came_in_long_ago(world: World) -> None:
    world.post(NOW, text=TEXT)
    clustered(world)
    retention.prune(world.database, timedelta(days=365), NOW + clusters.KEPT)
    assert bands_kept(world)
    retention.prune(world.database, timedelta(days=365), NOW + clusters.KEPT + DAY)
    assert not bands_kept(world)


def bands_kept(world: World) -> bool:
    with world.database.read() as session:
        return session.exec(select(ClusterBand).limit(1)).first() is not None


def untriaged(world: World, mention_id: int) -> None:
    with world.database.write() as session:
        session.get_one(Mention, mention_id).triaged = False


def edit(world: World, external_id: str, text: str) -> None:
    """The author changes the words, and the model finds them negative again."""
    world.store(world.record(NOW, external_id=external_id, author_id=None, text=text))
    shares = dict.fromkeys(Sentiment, 0.0) | {Sentiment.NEGATIVE: 1.0}
    with world.database.write() as session:
        (one,) = verdicts.unjudged(session, 10)
        judged = Judgement(
            one.mention_id, one.version, Sentiment.NEGATIVE, shares, (), False, False, False, "nl"
        )
        verdicts.store(session, [judged], MODEL, NOW)
