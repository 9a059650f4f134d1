"""What a server holds, in figures that must be the same after it is carried over."""

from psycopg import Cursor, sql
from psycopg.rows import scalar_row, tuple_row

from tunix_site.postgres.server import Server
from tunix_site.progress_bar import progress_bar

DATABASES = "SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate ORDER BY 1"
RELATIONS = """
SELECT CASE WHEN relispopulated THEN relkind::text ELSE 'empty' END, nspname, relname
FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
UNION ALL
SELECT 'extension', '', extname FROM pg_extension
ORDER BY 1, 2, 3
"""
ROLES = """
SELECT rolname, ROW(rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication,
    rolbypassrls, rolconnlimit, rolpassword, rolvaliduntil)::text
FROM pg_authid WHERE rolname !~ '^pg_'
"""
SETTINGS = """
SELECT coalesce(datname, '') || ' ' || coalesce(rolname, ''), setconfig::text
FROM pg_db_role_setting
    LEFT JOIN pg_database ON pg_database.oid = setdatabase
    LEFT JOIN pg_roles ON pg_roles.oid = setrole
"""
FIGURES = {"r": "count(*)", "m": "count(*)", "S": "last_value"}

Inventory = dict[tuple[str, ...], object]


def inventory(server: Server, *, desc: str) -> Inventory:
    """Count what is there: rows of each table, the state of each sequence, roles and settings."""
    found: Inventory = {}
    with server.connect() as connection:
        for kind, query in (("role", ROLES), ("setting", SETTINGS)):
            found |= {(kind, name): value for name, value in connection.execute(query)}
        databases = [name for (name,) in connection.execute(DATABASES)]
    relations = {database: _relations(server, database) for database in databases}
    with progress_bar(total=sum(map(len, relations.values())), desc=desc, unit="") as bar:
        for database, named in relations.items():
            with server.connect(database) as connection:
                figures = connection.cursor(row_factory=scalar_row)
                for relation in named:
                    found[database, *relation] = _figure(figures, *relation)
                    bar.update()
    return found


def _relations(server: Server, database: str) -> list[tuple[str, str, str]]:
    with server.connect(database) as connection:
        return connection.cursor(row_factory=tuple_row).execute(RELATIONS).fetchall()


def _figure(cursor: Cursor[object], kind: str, schema: str, name: str) -> object:
    """Give a table's rows or a sequence's last value; nothing of what has neither."""
    if kind not in FIGURES:
        return None
    query = sql.SQL("SELECT {} FROM {}").format(
        sql.SQL(FIGURES[kind]), sql.Identifier(schema, name)
    )
    return cursor.execute(query).fetchone()


def rows(found: Inventory) -> int:
    """Give how many rows there are in all tables together."""
    return sum(value for key, value in found.items() if key[1] == "r" and isinstance(value, int))


def differences(before: Inventory, after: Inventory) -> list[str]:
    """Name what is not the same, without what it is: it may be a password."""
    keys = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
    keys |= before.keys() ^ after.keys()
    return [" ".join(key) for key in sorted(keys)]
