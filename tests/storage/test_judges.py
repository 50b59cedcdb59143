"""Which model is in use, and what is known of its mistakes."""

from datetime import timedelta

from storage import judges
from storage.database import Database
from tests.storage.shop import NOW

COUNTED = ((9, 1, 0), (2, 7, 1), (0, 1, 9))


def test_the_model_put_to_use_last_is_in_use_also_when_an_earlier_one_comes_back(database: Database) -> None:
    used = []
    for step, model in enumerate(("m1", "m2", "m2", "m1")):
        with database.write() as session:
            judges.put_to_use(session, model, None, NOW + timedelta(hours=step))
        with database.read() as session:
            used.append(judges.in_use(session))
    assert used == ["m1", "m2", "m2", "m1"]


def test_what_is_known_of_a_models_mistakes_is_kept_for_as_long_as_its_verdicts(database: Database) -> None:
    with database.write() as session:
        assert judges.in_use(session) is None
        judges.put_to_use(session, "m1", COUNTED, NOW)
        judges.put_to_use(session, "m2", None, NOW + timedelta(hours=1))
    with database.read() as session:
        assert judges.confusions(session) == {"m1": COUNTED}
    more = ((90, 1, 0), *COUNTED[1:])
    with database.write() as session:
        judges.put_to_use(session, "m1", more, NOW + timedelta(hours=2))
    with database.read() as session:
        assert judges.confusions(session) == {"m1": more}
