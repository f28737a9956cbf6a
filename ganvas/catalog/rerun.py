"""What a rule that decides anew asks: which images are kept but for its own word, and which it has spoken of."""

from __future__ import annotations

from sqlalchemy import select, update

from ganvas.catalog.database import Database
from ganvas.catalog.images import is_kept, said_by_or_after
from ganvas.catalog.schema import Decision, Image


class RerunQueries(Database):
    """What of a Catalog concerns rules that are run again."""

    def kept_but_for(self, stage: str, rule: str) -> list[str]:
        """The hashes of readable images that nothing drops which comes before this rule: see `is_kept`."""
        kept = is_kept(said_by_or_after(stage, rule))
        query = select(Image.sha256).where(Image.width.is_not(None), kept).order_by(Image.id)
        with self.session() as connection:
            return list(connection.scalars(query))

    def spoken_of(self, stage: str, rule: str) -> list[str]:
        """The hashes of images with a standing decision of this rule, keeping ones too."""
        query = select(Image.sha256).join(Decision, Decision.image_id == Image.id).order_by(Image.id)
        with self.session() as connection:
            standing = query.where(Decision.stage == stage, Decision.rule == rule, Decision.undone.is_(False))
            return list(connection.scalars(standing))

    def undo_rule(self, stage: str, rule: str) -> int:
        """Set all standing decisions of a rule aside; the rows stay. Returns how many there were."""
        standing = (Decision.stage == stage) & (Decision.rule == rule) & Decision.undone.is_(False)
        with self.session(write=True) as connection:
            return connection.execute(update(Decision).where(standing).values(undone=True)).rowcount

    def rules(self, stage: str) -> list[str]:
        """The rules of a stage that have standing decisions, by name."""
        query = select(Decision.rule).where(Decision.stage == stage, Decision.undone.is_(False)).distinct()
        with self.session() as connection:
            return sorted(connection.scalars(query))
