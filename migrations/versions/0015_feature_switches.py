"""What was switched on or off while the service runs; every process hears of it at once.

Revision: 0015
Follows: 0014
"""

from alembic import op
import sqlalchemy as sa

revision = '0015'
down_revision = '0014'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'feature_switches',
        sa.Column('feature', sa.String(length=60), nullable=False),
        sa.Column('client_id', sa.String(length=100), nullable=False),
        sa.Column('is_on', sa.Boolean(), nullable=False),
        sa.Column('reason', sa.String(length=1000), nullable=False),
        sa.Column('changed_by', sa.String(length=120), nullable=False),
        sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint('feature', 'client_id', name=op.f('pk_feature_switches')),
    )
    op.execute("""
        CREATE TRIGGER notify_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON feature_switches
        FOR EACH STATEMENT EXECUTE FUNCTION notify_registry_changed('feature_switches')
    """)


def downgrade() -> None:
    op.drop_table('feature_switches')
