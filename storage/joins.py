"""What stands beside a mention: its newest words, and what counts as said of them."""

from typing import Any

from sqlmodel import and_, col

from storage.models import Mention, MentionVersion, Verdict


def newest_version() -> Any:
    """The join from a mention to its newest version."""
    return and_(col(MentionVersion.mention_id) == Mention.id, col(MentionVersion.number) == Mention.version)


def verdict_that_counts() -> Any:
    """The join from a mention to the verdict on its newest version by the model that judged it last, or a person."""
    return and_(
        col(Verdict.mention_id) == Mention.id,
        col(Verdict.version) == Mention.version,
        col(Verdict.model_id) == Mention.judged_by,
    )
