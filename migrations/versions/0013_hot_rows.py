"""Take what every sign-in of a service would queue for out of its way; say that clients are never deleted.

Revision: 0013
Follows: 0012
"""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

# A foreign key locks the row that it points to. One client's is every sign-in's.
TABLES = ("access_tokens", "authorization_requests", "grants", "pushed_requests", "service_uses")
# Rows that change soon after they were made: room for the second version beside the first, where no index moves.
CHANGED_ONCE = ("grants", "refresh_tokens")


def upgrade() -> None:
    for table in TABLES:
        op.drop_constraint(op.f(f"fk_{table}_client_id_clients"), table, type_="foreignkey")
    op.execute("""
        CREATE FUNCTION refuse_loss_of_client() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'clients are disabled, never deleted or renamed';
        END $$
    """)
    op.execute("""
        CREATE TRIGGER clients_are_kept BEFORE DELETE OR TRUNCATE ON clients
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_loss_of_client()
    """)
    op.execute("""
        CREATE TRIGGER clients_keep_their_id BEFORE UPDATE ON clients
        FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id) EXECUTE FUNCTION refuse_loss_of_client()
    """)
    for table in CHANGED_ONCE:
        op.execute(f"ALTER TABLE {table} SET (fillfactor = 80)")


def downgrade() -> None:
    for table in CHANGED_ONCE:
        op.execute(f"ALTER TABLE {table} RESET (fillfactor)")
    op.execute("DROP TRIGGER clients_keep_their_id ON clients")
    op.execute("DROP TRIGGER clients_are_kept ON clients")
    op.execute("DROP FUNCTION refuse_loss_of_client()")
    for table in TABLES:
        op.create_foreign_key(op.f(f"fk_{table}_client_id_clients"), table, "clients", ["client_id"], ["id"])
