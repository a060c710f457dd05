"""Migration operations that make facts append-only in the database itself, on SQLite and on PostgreSQL."""

from collections.abc import Mapping, Sequence

from django.db.migrations.operations.base import Operation


class ProtectRows(Operation):
    """Refuse DELETE, and UPDATE of the given columns, on rows that meet a condition.

    table: the table's name. columns: the protected columns (empty: the whole row). when: an SQL condition
    on OLD that both databases read alike (empty: every row). sentence: what the refusal says.
    allowed: further protected columns, each with the SQL condition on OLD and NEW under which it may change after all.
    """

    reversible = True

    def __init__(
        self,
        table: str,
        sentence: str,
        columns: Sequence[str] = (),
        when: str = "",
        allowed: Mapping[str, str] | None = None,
    ) -> None:
        self.table = table
        self.sentence = sentence
        self.columns = tuple(columns)
        self.when = when
        self.allowed = dict(allowed or {})

    def state_forwards(self, app_label, state):
        """The models do not change."""

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        vendor = schema_editor.connection.vendor
        for statement in [*drop_statements(vendor, self), *create_statements(vendor, self)]:
            schema_editor.execute(statement, params=None)

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        for statement in drop_statements(schema_editor.connection.vendor, self):
            schema_editor.execute(statement, params=None)

    def describe(self) -> str:
        return f"Protect rows of {self.table}"

    def deconstruct(self):
        return (
            self.__class__.__name__,
            [self.table, self.sentence, self.columns, self.when, self.allowed],
            {},
        )

    def changed(self, differs: str) -> str:
        """The SQL that tells a change that is refused; `differs` compares two values, null included."""
        plain = [f"OLD.{column} {differs} NEW.{column}" for column in self.columns]
        softened = [
            f"(OLD.{column} {differs} NEW.{column} AND NOT ({condition}))"
            for column, condition in self.allowed.items()
        ]
        return " OR ".join([*plain, *softened])


def create_statements(vendor: str, rule: ProtectRows) -> list[str]:
    sentence = rule.sentence.replace("'", "’")
    protected = [*rule.columns, *rule.allowed]
    of_columns = f" OF {', '.join(protected)}" if protected else ""
    if vendor == "sqlite":
        changed = rule.changed("IS NOT")
        conditions = [f"({part})" for part in (rule.when, changed) if part]
        when_update = f"WHEN {' AND '.join(conditions)}" if conditions else ""
        when_delete = f"WHEN {rule.when}" if rule.when else ""
        return [
            f"CREATE TRIGGER {rule.table}_no_update BEFORE UPDATE{of_columns} ON {rule.table} "
            f"{when_update} BEGIN SELECT RAISE(ABORT, '{sentence}'); END",
            f"CREATE TRIGGER {rule.table}_no_delete BEFORE DELETE ON {rule.table} "
            f"{when_delete} BEGIN SELECT RAISE(ABORT, '{sentence}'); END",
        ]
    changed = rule.changed("IS DISTINCT FROM")
    refuse_update = " AND ".join(f"({part})" for part in (rule.when, changed) if part) or "TRUE"
    # The condition stands in the body, because a WHEN clause takes no subquery on PostgreSQL.
    body = (
        f"BEGIN IF TG_OP = 'DELETE' THEN IF {rule.when or 'TRUE'} THEN {{refuse}} END IF; RETURN OLD; END IF; "
        f"IF {refuse_update} THEN {{refuse}} END IF; RETURN NEW; END"
    ).format(refuse=f"RAISE EXCEPTION '{sentence}' USING ERRCODE = 'integrity_constraint_violation';")
    return [
        f"CREATE OR REPLACE FUNCTION {rule.table}_protect() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$",
        f"CREATE TRIGGER {rule.table}_no_update BEFORE UPDATE{of_columns} ON {rule.table} "
        f"FOR EACH ROW EXECUTE FUNCTION {rule.table}_protect()",
        f"CREATE TRIGGER {rule.table}_no_delete BEFORE DELETE ON {rule.table} "
        f"FOR EACH ROW EXECUTE FUNCTION {rule.table}_protect()",
    ]


def drop_statements(vendor: str, rule: ProtectRows) -> list[str]:
    names = (f"{rule.table}_no_update", f"{rule.table}_no_delete")
    if vendor == "sqlite":
        return [f"DROP TRIGGER IF EXISTS {name}" for name in names]
    return [f"DROP TRIGGER IF EXISTS {name} ON {rule.table}" for name in names] + [
        f"DROP FUNCTION IF EXISTS {rule.table}_protect()"
    ]
