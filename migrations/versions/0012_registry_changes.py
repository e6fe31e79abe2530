"""Tell every process when clients, their secrets or signing keys change, so that it may keep them in memory.

Revision: 0012
Follows: 0011
"""

from alembic import op

revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None

TABLES = {'clients': 'clients', 'client_secrets': 'clients', 'signing_keys': 'signing_keys'}


def upgrade() -> None:
    op.execute("""
        CREATE FUNCTION notify_registry_changed() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM pg_notify('registry_changed', TG_ARGV[0]);
            RETURN NULL;
        END $$
    """)
    for table, kind in TABLES.items():
        op.execute(f"""
            CREATE TRIGGER notify_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION notify_registry_changed('{kind}')
        """)


def downgrade() -> None:
    for table in TABLES:
        op.execute(f'DROP TRIGGER notify_changed ON {table}')
    op.execute('DROP FUNCTION notify_registry_changed()')
