"""Queries that would change a database, and other ways to write each; `{out}` is a path that nothing may write to."""

import random
from collections.abc import Iterator, Sequence

SQLITE_SCHEMA = """
CREATE TABLE stock (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, amount INTEGER, price REAL);
INSERT INTO stock (name, amount, price) VALUES ('bolt', 7, 1.5), ('nut', 0, 0.25), ('gear', 40, 12.0);
CREATE TABLE log (at TEXT, note TEXT);
CREATE VIEW low AS SELECT * FROM stock WHERE amount < 10;
CREATE TRIGGER noted AFTER UPDATE ON stock BEGIN INSERT INTO log VALUES ('now', NEW.name); END;
CREATE TRIGGER through INSTEAD OF DELETE ON low BEGIN DELETE FROM stock WHERE id = OLD.id; END;
CREATE VIRTUAL TABLE notes USING fts5(body);
INSERT INTO notes VALUES ('bolts are low');
CREATE INDEX by_amount ON stock (amount);
"""

SQLITE_WRITES: Sequence[str] = (
    "INSERT INTO stock (name) VALUES ('cog')",
    "INSERT OR REPLACE INTO stock (id, name) VALUES (1, 'cog')",
    "REPLACE INTO stock (id, name) VALUES (1, 'cog')",
    "INSERT INTO stock (name) VALUES ('cog') RETURNING id",
    "INSERT INTO stock (id, name) VALUES (1, 'x') ON CONFLICT DO UPDATE SET amount = 99",
    "INSERT INTO log SELECT name, name FROM stock",
    "WITH new (n) AS (SELECT 'cog') INSERT INTO stock (name) SELECT n FROM new",
    "UPDATE stock SET amount = 0",
    "UPDATE stock SET amount = 0 RETURNING *",
    "UPDATE OR IGNORE stock SET name = 'cog' WHERE id = 1",
    "WITH one AS (SELECT 1 AS id) UPDATE stock SET amount = -1 WHERE id IN (SELECT id FROM one)",
    "DELETE FROM stock",
    "DELETE FROM stock WHERE id = 1 RETURNING *",
    "WITH one AS (SELECT 1 AS id) DELETE FROM stock WHERE id IN (SELECT id FROM one)",
    "DELETE FROM low WHERE id = 1",
    "INSERT INTO notes VALUES ('more')",
    "DELETE FROM notes",
    "DROP TABLE stock",
    "DROP TABLE IF EXISTS log",
    "DROP VIEW low",
    "DROP INDEX by_amount",
    "DROP TRIGGER noted",
    "CREATE TABLE t (a)",
    "CREATE TABLE t AS SELECT * FROM stock",
    "CREATE VIEW v AS SELECT 1",
    "CREATE INDEX i ON stock (price)",
    "CREATE VIRTUAL TABLE v USING fts5(a)",
    "CREATE TRIGGER t AFTER INSERT ON stock BEGIN DELETE FROM log; END",
    "ALTER TABLE stock RENAME TO gone",
    "ALTER TABLE stock ADD COLUMN more",
    "ALTER TABLE stock DROP COLUMN price",
    "ALTER TABLE stock RENAME COLUMN price TO cost",
    "ANALYZE",
    "PRAGMA user_version = 7",
    "PRAGMA application_id = 7",
    "PRAGMA journal_mode = WAL",
    "PRAGMA writable_schema = ON; UPDATE sqlite_master SET sql = 'x' WHERE name = 'low'",
    "PRAGMA query_only = OFF; DELETE FROM stock",
    "PRAGMA encoding = 'UTF-16'; VACUUM; PRAGMA user_version = 1",
    "BEGIN; DELETE FROM stock; COMMIT",
    "COMMIT; DELETE FROM stock",
    "ROLLBACK; DELETE FROM stock",
    "END; DELETE FROM stock",
    "BEGIN IMMEDIATE; DELETE FROM stock; COMMIT",
    "SAVEPOINT a; DELETE FROM stock; RELEASE a",
    "SELECT 1; DELETE FROM stock",
    "SELECT 1; UPDATE stock SET amount = 0; SELECT 2",
    "VALUES (1); DROP TABLE stock",
    "ATTACH '{out}' AS other; CREATE TABLE other.t (a)",
    "ATTACH DATABASE '{out}' AS other; CREATE TABLE other.t AS SELECT * FROM stock",
    "VACUUM INTO '{out}'",
    "UPDATE sqlite_sequence SET seq = 99",
    "DELETE FROM sqlite_sequence",
)
"""Each changes the file, or makes another, when SQLite is let do it."""

SQLITE_ACTS: Sequence[str] = (
    "INSERT INTO notes(notes) VALUES ('optimize')",
    "VACUUM",
    "REINDEX",
    "DETACH main",
    "SELECT load_extension('{out}')",
    "SELECT writefile('{out}', 'x')",
    "SELECT edit('x', '{out}')",
    "SELECT * FROM pragma_journal_mode",
    "SELECT * FROM pragma_wal_checkpoint",
    "PRAGMA wal_checkpoint(TRUNCATE)",
    "PRAGMA locking_mode = EXCLUSIVE",
    "PRAGMA temp_store_directory = '{out}'",
    "BEGIN EXCLUSIVE",
    "CREATE TEMP TABLE t AS SELECT 1",
    "CREATE TEMP TRIGGER t AFTER INSERT ON stock BEGIN DELETE FROM log; END",
    "SELECT fts3_tokenizer('x', x'00')",
    "SELECT * FROM stock WHERE name REGEXP '(a+)+$'",
    "WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT count(*) FROM r",
    "EXPLAIN DELETE FROM stock",
)
"""Each acts otherwise, or would on another SQLite: by files, locks, memory, or time."""

POSTGRES_SCHEMA = """
CREATE TABLE stock (id serial PRIMARY KEY, name text UNIQUE, amount int, price numeric(10, 2));
INSERT INTO stock (name, amount, price) VALUES ('bolt', 7, 1.5), ('nut', 0, 0.25), ('gear', 40, 12);
CREATE TABLE log (at timestamptz DEFAULT now(), note text);
CREATE VIEW low AS SELECT * FROM stock WHERE amount < 10;
CREATE SEQUENCE numbers;
CREATE FUNCTION adds() RETURNS int LANGUAGE plpgsql AS
  $$ BEGIN INSERT INTO log (note) VALUES ('called'); RETURN 1; END $$;
CREATE FUNCTION adds_quietly() RETURNS int LANGUAGE sql AS $$ INSERT INTO log (note) VALUES ('called') RETURNING 1 $$;
CREATE FUNCTION "Adds"() RETURNS int LANGUAGE sql AS $$ INSERT INTO log (note) VALUES ('called') RETURNING 1 $$;
CREATE FUNCTION counts_up() RETURNS bigint LANGUAGE sql AS $$ SELECT nextval('numbers') $$;
CREATE FUNCTION says_stable() RETURNS bigint LANGUAGE plpgsql STABLE AS
  $$ BEGIN PERFORM set_config('transaction_read_only', 'off', true); RETURN nextval('numbers'); END $$;
CREATE FUNCTION says_immutable(text) RETURNS xml LANGUAGE plpgsql IMMUTABLE AS
  $$ BEGIN RETURN query_to_xml($1, true, true, ''); END $$;
CREATE PROCEDURE does() LANGUAGE plpgsql AS $$ BEGIN INSERT INTO log (note) VALUES ('done'); COMMIT; END $$;
SELECT lo_from_bytea(4711, 'kept');
"""

POSTGRES_WRITES: Sequence[str] = (
    "INSERT INTO stock (name) VALUES ('cog')",
    "INSERT INTO stock (name) VALUES ('cog') RETURNING id",
    "INSERT INTO stock (id, name) VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET amount = 99",
    "INSERT INTO low (name, amount) VALUES ('cog', 1)",
    "UPDATE stock SET amount = 0",
    "UPDATE low SET amount = 1 RETURNING *",
    "DELETE FROM stock",
    "DELETE FROM stock USING log RETURNING 1; DELETE FROM stock",
    "MERGE INTO stock USING (SELECT 1 AS id) AS n ON stock.id = n.id WHEN MATCHED THEN DELETE",
    "WITH gone AS (DELETE FROM stock RETURNING *) SELECT * FROM gone",
    "WITH new AS (INSERT INTO log (note) VALUES ('x') RETURNING note) TABLE new",
    "WITH one AS (SELECT 1 AS id) UPDATE stock SET amount = -1 FROM one WHERE stock.id = one.id",
    "TRUNCATE stock",
    "TRUNCATE stock RESTART IDENTITY",
    "DROP TABLE stock CASCADE",
    "DROP FUNCTION adds()",
    "CREATE TABLE t (a int)",
    "CREATE TABLE t AS SELECT * FROM stock",
    "SELECT * INTO t FROM stock",
    "CREATE VIEW v AS SELECT 1",
    "CREATE INDEX i ON stock (price)",
    "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE SEQUENCE more",
    "ALTER TABLE stock ADD COLUMN more int",
    "ALTER SEQUENCE numbers RESTART WITH 99",
    "CREATE MATERIALIZED VIEW m AS SELECT 1",
    "SELECT nextval('numbers')",
    "SELECT nextval('stock_id_seq') FROM stock",
    "SELECT setval('numbers', 99)",
    "SELECT * FROM stock WHERE nextval('numbers') > 0",
    "SELECT counts_up()",
    "SELECT adds()",
    "SELECT * FROM adds()",
    "SELECT adds_quietly() FROM stock",
    'SELECT "Adds"()',
    'SELECT U&"\\0061dds"()',
    "CALL does()",
    "DO $$ BEGIN DELETE FROM stock; END $$",
    "COMMIT; DELETE FROM stock",
    "ROLLBACK; DELETE FROM stock",
    "END; DELETE FROM stock",
    "ABORT; UPDATE stock SET amount = 0",
    "SELECT 1; DELETE FROM stock",
    "SELECT 1; COMMIT; BEGIN READ WRITE; DELETE FROM stock; COMMIT",
    "SET TRANSACTION READ WRITE; DELETE FROM stock",
    "SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE; COMMIT; DELETE FROM stock",
    "SET transaction_read_only = off; DELETE FROM stock",
    "SELECT set_config('transaction_read_only', 'off', true); DELETE FROM stock",
    "SELECT set_config('transaction_read_only', 'off', false), says_stable()",
    "SELECT says_stable()",
    "PREPARE p AS DELETE FROM stock; EXECUTE p",
    "EXPLAIN ANALYZE DELETE FROM stock",
    "COPY log FROM PROGRAM 'echo \"2026-01-01\tx\"'",
    "COPY stock TO '{out}'",
    "COPY (SELECT 1) TO PROGRAM 'touch {out}'",
    "SELECT lo_create(0)",
    "SELECT lo_from_bytea(0, 'x')",
    "SELECT lo_put(4711, 0, 'gone')",
    "SELECT lo_unlink(4711)",
    "SELECT lo_import('/etc/hostname')",
    "SELECT lo_export(4711, '{out}')",
    "ALTER ROLE CURRENT_USER SET work_mem = '5MB'",
    "COMMENT ON TABLE stock IS 'x'",
    "GRANT SELECT ON stock TO PUBLIC",
)
"""Each changes rows, sequences, objects or files when PostgreSQL is let do it, as a user with every right."""

POSTGRES_ACTS: Sequence[str] = (
    "SELECT says_immutable('INSERT INTO log (note) VALUES (''x'') RETURNING note')",
    "SELECT query_to_xml('DELETE FROM stock RETURNING id', true, true, '')",
    "SELECT * FROM stock FOR UPDATE",
    "SELECT * FROM stock FOR KEY SHARE",
    "LOCK TABLE stock IN ACCESS EXCLUSIVE MODE",
    "SELECT pg_advisory_lock(4711)",
    "SELECT pg_try_advisory_lock_shared(4711)",
    "SELECT pg_advisory_xact_lock(4711)",
    "SELECT pg_sleep(60)",
    "SELECT pg_sleep(60) FROM stock",
    "SELECT count(*) FROM generate_series(1, 1000000) a, generate_series(1, 1000000) b",
    "WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT n FROM r ORDER BY 1",
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()",
    "SELECT pg_cancel_backend(pg_backend_pid())",
    "SELECT pg_reload_conf()",
    "SELECT pg_read_file('/etc/passwd')",
    "SELECT * FROM pg_ls_dir('/')",
    "SELECT pg_notify('a', 'b')",
    "LISTEN a",
    "SELECT dblink_exec('dbname=postgres', 'DELETE FROM stock')",
    "SELECT set_config('statement_timeout', '0', false), pg_sleep(60)",
    "SELECT pg_logical_emit_message(false, 'a', 'b')",
    "SELECT pg_create_restore_point('a')",
    "SELECT pg_stat_reset()",
    "CREATE TEMP TABLE t AS SELECT 1",
    "DECLARE c CURSOR WITH HOLD FOR SELECT 1",
    "COPY stock TO STDOUT",
    "LOAD '{out}'",
    "CHECKPOINT",
    "VACUUM stock",
)
"""Each acts otherwise: by locks, sessions, files, memory, or time."""


def variants(query: str, seed: int) -> Iterator[str]:
    """Yield a query and ways to write it so that a guard which looks at its text alone may miss it."""
    chosen = random.Random(f"{seed}:{query}")
    yield query
    yield from chosen.sample(
        [
            f"  \n\t{query} ;",
            f"/* SELECT */ {query}",
            f"-- SELECT 1\n{query}",
            f"SELECT 1; {query}",
            f"SELECT 1;; /* ; */ {query}; SELECT 2",
            f"WITH a AS ({query}) SELECT * FROM a",
            f"SELECT * FROM ({query}) AS a",
            f"({query})",
            f"SELECT 1) AS a; {query}; SELECT (1",
            f"SELECT 1) AS accord_rows; COMMIT; {query}; --",
            f"SELECT (SELECT count(*) FROM ({query}) AS a)",
            f"EXPLAIN {query}",
            "".join(chosen.choice((letter.upper(), letter.lower())) for letter in query),
            query.replace(" ", "/**/"),
            query.replace("(", "/* ( */ ("),
            query.replace(" ", "\n\t"),
            f"\ufeff{query}",
            f"SELECT ';' || '{chr(39)}{chr(39)}'; {query}",
            f"SELECT $a$;$a$; {query}",
            f"SELECT E'\\';{query}; --'",
        ],
        5,
    )
