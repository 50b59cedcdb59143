"""Users and their sessions."""

from datetime import timedelta

import pytest
from sqlmodel import select

from storage import users
from storage.database import Database
from storage.models import User, UserSession
from storage.users import UserError
from tests.storage.shop import NOW

PASSWORD = "een lange zin vol koffie"


@pytest.fixture
def house(database: Database) -> Database:
    with database.write() as session:
        users.create_user(session, " Marieke ", PASSWORD, NOW)
    return database


def test_a_password_is_kept_as_an_argon2_hash(house: Database) -> None:
    with house.read() as session:
        stored = session.exec(select(User)).one()
    assert stored.name == "Marieke"
    assert stored.password_hash.startswith("$argon2id$")


@pytest.mark.parametrize(
    ("name", "password", "right"),
    [("Marieke", PASSWORD, True), ("Marieke", PASSWORD + " ", False), ("Joost", PASSWORD, False)],
)
def test_only_the_right_password_is_accepted(house: Database, name: str, password: str, right: bool) -> None:
    with house.read() as session:
        assert (users.verified(session, name, password) is not None) is right


def test_a_user_who_left_cannot_log_in(house: Database) -> None:
    with house.write() as session:
        user = session.exec(select(User)).one()
        cookie = users.begin(session, user, NOW).cookie
        user.active = False
        session.add(user)
    with house.read() as session:
        assert users.verified(session, "Marieke", PASSWORD) is None
        assert users.visitor(session, cookie, NOW) is None
        assert not users.any_user(session)


def test_who_is_switched_off_is_logged_out_and_may_be_added_again(house: Database) -> None:
    with house.write() as session:
        cookie = users.begin(session, session.exec(select(User)).one(), NOW).cookie
        users.switch_off(session, "Marieke")
    with house.write() as session:
        assert users.names(session) == []
        assert users.visitor(session, cookie, NOW) is None
        assert session.exec(select(UserSession)).all() == []
        users.create_user(session, "Marieke", PASSWORD[::-1], NOW)
    with house.read() as session:
        assert users.verified(session, "Marieke", PASSWORD) is None
        assert users.verified(session, "Marieke", PASSWORD[::-1]) is not None


def test_switching_off_a_stranger_names_who_there_is(house: Database) -> None:
    with house.write() as session, pytest.raises(UserError, match="Marieke") as refused:
        users.switch_off(session, "Joost")
    assert refused.value.key == "name_unknown"


def test_another_password_ends_the_other_sessions(house: Database) -> None:
    with house.write() as session:
        user = session.exec(select(User)).one()
        here, elsewhere = (users.begin(session, user, NOW).cookie for _ in range(2))
        users.change_password(session, user.id or 0, users.hashed("heel iets anders"), keep=here)
    with house.read() as session:
        assert users.visitor(session, here, NOW) is not None
        assert users.visitor(session, elsewhere, NOW) is None
        assert users.verified(session, "Marieke", PASSWORD) is None
        assert users.verified(session, "Marieke", "heel iets anders") is not None


@pytest.mark.parametrize(
    ("name", "password", "key"),
    [
        ("", PASSWORD, "name_missing"),
        ("Marieke", PASSWORD, "name_taken"),
        ("Joost", "kort", "password_short"),
        ("Joost", "x" * 201, "password_long"),
    ],
)
def test_what_is_no_user_is_refused_by_name(house: Database, name: str, password: str, key: str) -> None:
    with house.write() as session, pytest.raises(UserError) as refused:
        users.create_user(session, name, password, NOW)
    assert refused.value.key == key


def test_a_session_lasts_a_working_day_and_only_its_hash_is_kept(house: Database) -> None:
    with house.write() as session:
        user = session.exec(select(User)).one()
        login = users.begin(session, user, NOW)
    with house.read() as session:
        stored = session.exec(select(UserSession)).one()
        assert login.cookie not in (stored.token_hash, stored.csrf_token)
        found = users.visitor(session, login.cookie, login.expires_at - timedelta(seconds=1))
        assert found is not None
        assert (found.name, found.csrf_token) == ("Marieke", stored.csrf_token)
        for cookie, now in (
            (login.cookie, login.expires_at),
            (stored.token_hash, NOW),
            ("", NOW),
            (None, NOW),
        ):
            assert users.visitor(session, cookie, now) is None


def test_old_sessions_are_swept_out_and_logging_out_ends_one(house: Database) -> None:
    with house.write() as session:
        user = session.exec(select(User)).one()
        users.begin(session, user, NOW - timedelta(days=2))
        cookie = users.begin(session, user, NOW).cookie
    with house.write() as session:
        assert len(session.exec(select(UserSession)).all()) == 1
        users.end(session, cookie)
        assert session.exec(select(UserSession)).all() == []
