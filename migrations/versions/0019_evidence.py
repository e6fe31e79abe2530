"""A table of the files that people send as evidence; the files themselves lie in a store.

Revision: 0019
Follows: 0018
"""

from alembic import op
import sqlalchemy as sa

revision = '0019'
down_revision = '0018'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('evidence',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('state', sa.Enum('waiting', 'clean', 'infected', 'gone', name='evidencestate', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('media_type', sa.String(length=40), nullable=False),
    sa.Column('name_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('size', sa.Integer(), nullable=False),
    sa.Column('pages', sa.Integer(), nullable=False),
    sa.Column('sha256', sa.LargeBinary(), nullable=True),
    sa.Column('storage_key', sa.String(length=80), nullable=False),
    sa.Column('received_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('judged_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('delete_after', sa.DateTime(timezone=True), nullable=False),
    sa.Column('deleted_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("media_type IN ('image/jpeg', 'image/png', 'application/pdf')", name=op.f('ck_evidence_known_media_type')),
    sa.CheckConstraint("state <> 'clean' OR judged_at IS NOT NULL", name=op.f('ck_evidence_clean_means_judged')),
    sa.CheckConstraint("state NOT IN ('waiting', 'clean') OR deleted_at IS NULL", name=op.f('ck_evidence_deleted_means_over')),
    sa.CheckConstraint('size > 0 AND pages > 0', name=op.f('ck_evidence_has_something')),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_evidence_user_id_users')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_evidence')),
    sa.UniqueConstraint('storage_key', name=op.f('uq_evidence_storage_key'))
    )
    op.create_index('ix_evidence_delete_after', 'evidence', ['delete_after'], unique=False, postgresql_where=sa.text('deleted_at IS NULL'))
    op.create_index('ix_evidence_user', 'evidence', ['user_id', 'received_at'], unique=False)
    op.create_index('ix_evidence_waiting', 'evidence', ['received_at'], unique=False, postgresql_where=sa.text("state = 'waiting'"))


def downgrade() -> None:
    op.drop_index('ix_evidence_waiting', table_name='evidence', postgresql_where=sa.text("state = 'waiting'"))
    op.drop_index('ix_evidence_user', table_name='evidence')
    op.drop_index('ix_evidence_delete_after', table_name='evidence', postgresql_where=sa.text('deleted_at IS NULL'))
    op.drop_table('evidence')
