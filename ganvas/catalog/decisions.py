"""Decisions: why an image was kept or dropped, by which rule of which stage. Nothing is deleted; it is undecided."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import Connection, func, select, update

from ganvas.catalog.database import Database
from ganvas.catalog.images import chunks, image_ids, is_kept, standing_drop
from ganvas.catalog.records import DecisionRow, now
from ganvas.catalog.schema import Decision, Image

Verdict = tuple[str, bool, float | None, str | None]  # sha256, keep, score, reason


class DecisionQueries(Database):
    """What of a Catalog concerns decisions."""

    def decide(self, stage: str, rule: str, verdicts: Sequence[Verdict]) -> None:
        """Record (sha256, keep, score, reason) of one rule. It replaces what the rule said before, undone or not."""
        with self.session(write=True) as connection:
            self.one_at_a_time(connection)
            self._decide(connection, stage, rule, verdicts)

    def decide_anew(self, stage: str, rule: str, verdicts: Sequence[Verdict], unseen: Collection[str] = ()) -> None:
        """The same as all that the rule says now: whatever else it said before is undone. All or nothing.

        What it said before of the `unseen` stands: they were asked for, and could not be looked at just now.
        """
        with self.session(write=True) as connection:
            self.one_at_a_time(connection)
            left = set(image_ids(connection, unseen).values())
            self._decide_anew(connection, stage, rule, verdicts, left)

    def unspoken(self, stage: str) -> dict[str, int]:
        """Rule of a stage that says something -> how many kept images it says nothing of."""
        kept = Image.width.is_not(None) & is_kept()
        standing = (Decision.stage == stage) & Decision.undone.is_(False)
        spoken = select(Decision.rule, func.count()).join(Image, Image.id == Decision.image_id).where(standing, kept)
        with self.session() as connection:
            rules = connection.scalars(select(Decision.rule).where(standing).distinct()).all()
            total = connection.scalar(select(func.count()).select_from(Image).where(kept)) or 0
            counts = dict(connection.execute(spoken.group_by(Decision.rule)).all())
        return {rule: total - counts.get(rule, 0) for rule in sorted(rules)}

    def undo(self, stage: str, rule: str, sha256s: Sequence[str]) -> None:
        """Set a rule's decisions about these images aside; the rows stay."""
        with self.session(write=True) as connection:
            ids = image_ids(connection, dict.fromkeys(sha256s))
            for chunk in chunks(list(ids.values())):
                connection.execute(
                    update(Decision)
                    .where(Decision.stage == stage, Decision.rule == rule, Decision.image_id.in_(chunk))
                    .values(undone=True)
                )

    def decisions(self, sha256: str) -> list[DecisionRow]:
        """Everything that was decided about one image, oldest first."""
        query = (
            select(
                Image.sha256,
                Decision.stage,
                Decision.rule,
                Decision.score,
                Decision.keep,
                Decision.reason,
                Decision.undone,
                Decision.decided_at,
            )
            .join(Image, Image.id == Decision.image_id)
            .where(Image.sha256 == sha256)
            .order_by(Decision.id)
        )
        with self.session() as connection:
            return [DecisionRow(*row) for row in connection.execute(query)]

    def dropped_by(self, stage: str, rule: str) -> list[str]:
        """The hashes of the images that a standing decision of this rule drops."""
        query = select(Image.sha256).join(Decision, Decision.image_id == Image.id).order_by(Image.id)
        with self.session() as connection:
            ours = query.where(standing_drop(), Decision.stage == stage, Decision.rule == rule)
            return list(connection.scalars(ours))

    def dropped(self) -> dict[str, int]:
        """Rule -> how many images a standing decision of it drops; an image may count under several rules."""
        count = func.count(Decision.image_id.distinct())
        query = select(Decision.rule, count).where(standing_drop()).group_by(Decision.rule).order_by(Decision.rule)
        with self.session() as connection:
            return dict(connection.execute(query).all())

    def _decide_anew(
        self,
        connection: Connection,
        stage: str,
        rule: str,
        verdicts: Sequence[Verdict],
        left: Collection[int] = (),
    ) -> None:
        """What was said of the images with the ids `left` stands."""
        ours = (Decision.stage == stage) & (Decision.rule == rule) & Decision.undone.is_(False)
        if left:
            spoken_of = connection.scalars(select(Decision.image_id).where(ours)).all()
            for chunk in chunks([id for id in spoken_of if id not in left]):
                connection.execute(update(Decision).where(ours, Decision.image_id.in_(chunk)).values(undone=True))
        else:
            connection.execute(update(Decision).where(ours).values(undone=True))
        self._decide(connection, stage, rule, verdicts)

    def _decide(self, connection: Connection, stage: str, rule: str, verdicts: Sequence[Verdict]) -> None:
        decided_at = now()
        statement = self.insert(Decision)
        replaced = ("keep", "score", "reason", "undone", "decided_at")
        statement = statement.on_conflict_do_update(
            index_elements=["image_id", "stage", "rule"], set_={name: statement.excluded[name] for name in replaced}
        )
        unique = {verdict[0]: verdict for verdict in verdicts}
        ids = image_ids(connection, unique)
        for chunk in chunks(list(unique.values())):
            rows = [
                {
                    "image_id": ids[sha256],
                    "stage": stage,
                    "rule": rule,
                    "keep": keep,
                    "score": None if score is None else float(score),
                    "reason": reason,
                    "undone": False,
                    "decided_at": decided_at,
                }
                for sha256, keep, score, reason in chunk
            ]
            connection.execute(statement, rows)
