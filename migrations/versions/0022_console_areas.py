"""What the console looks after beside cases: imports of people, leaked TRNs, TRN tokens, errors of services.

Revision: 0022
Follows: 0021
"""

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

revision = '0022'
down_revision = '0021'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('client_errors',
        sa.Column('client_id', sa.String(length=100), nullable=False),
        sa.Column('place', sa.String(length=60), nullable=False),
        sa.Column('error', sa.String(length=60), nullable=False),
        sa.Column('description', sa.String(length=300), nullable=False),
        sa.Column('times', sa.Integer(), nullable=False),
        sa.Column('first_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('last_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('request_id', sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint('client_id', 'place', 'error', 'description', name=op.f('pk_client_errors'))
    )
    op.create_index(op.f('ix_client_errors_last_at'), 'client_errors', ['last_at'], unique=False)
    op.create_table('leaked_trns',
        sa.Column('trn', sa.String(length=7), nullable=False),
        sa.Column('source', sa.String(length=200), nullable=False),
        sa.Column('reason', sa.String(length=1000), nullable=False),
        sa.Column('added_by', sa.String(length=120), nullable=False),
        sa.Column('added_at', sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("trn ~ '^[0-9]{7}$'", name=op.f('ck_leaked_trns_trn_is_seven_digits')),
        sa.PrimaryKeyConstraint('trn', name=op.f('pk_leaked_trns'))
    )
    op.create_index(op.f('ix_leaked_trns_added_at'), 'leaked_trns', ['added_at'], unique=False)
    op.create_index(op.f('ix_leaked_trns_source'), 'leaked_trns', ['source'], unique=False)
    op.create_table('user_imports',
        sa.Column('id', sa.Uuid(), nullable=False),
        sa.Column('client_id', sa.String(length=100), nullable=False),
        sa.Column('file_name', sa.String(length=200), nullable=False),
        sa.Column('state', sa.Enum('checking', 'checked', 'running', 'stopped', 'done', 'rejected', name='userimportstate', native_enum=False, create_constraint=True, length=40), nullable=False),
        sa.Column('rows_in_all', sa.Integer(), nullable=False),
        sa.Column('uploaded_by_id', sa.Uuid(), nullable=False),
        sa.Column('uploaded_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('decided_by_id', sa.Uuid(), nullable=True),
        sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('decision_reason', sa.String(length=1000), nullable=False),
        sa.Column('settled_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('counts', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(['client_id'], ['clients.id'], name=op.f('fk_user_imports_client_id_clients')),
        sa.ForeignKeyConstraint(['decided_by_id'], ['staff_users.id'], name=op.f('fk_user_imports_decided_by_id_staff_users')),
        sa.ForeignKeyConstraint(['uploaded_by_id'], ['staff_users.id'], name=op.f('fk_user_imports_uploaded_by_id_staff_users')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_user_imports'))
    )
    op.create_index(op.f('ix_user_imports_client_id'), 'user_imports', ['client_id'], unique=False)
    op.create_index(op.f('ix_user_imports_settled_at'), 'user_imports', ['settled_at'], unique=False)
    op.create_index(op.f('ix_user_imports_state'), 'user_imports', ['state'], unique=False)
    op.create_table('user_import_rows',
        sa.Column('import_id', sa.Uuid(), nullable=False),
        sa.Column('line', sa.Integer(), nullable=False),
        sa.Column('content_sealed', sa.LargeBinary(), nullable=False),
        sa.Column('email_hmac', sa.LargeBinary(), nullable=True),
        sa.Column('planned', sa.Enum('create', 'link', 'update', 'unchanged', 'conflict', 'refused', name='planned', native_enum=False, create_constraint=True, length=40), nullable=True),
        sa.Column('planned_note', sa.String(length=300), nullable=False),
        sa.Column('outcome', sa.Enum('create', 'link', 'update', 'unchanged', 'conflict', 'refused', name='rowoutcome', native_enum=False, create_constraint=True, length=40), nullable=True),
        sa.Column('note', sa.String(length=300), nullable=False),
        sa.Column('user_id', sa.Uuid(), nullable=True),
        sa.Column('done_at', sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint('(outcome IS NULL) = (done_at IS NULL)', name=op.f('ck_user_import_rows_outcome_has_moment')),
        sa.ForeignKeyConstraint(['import_id'], ['user_imports.id'], name=op.f('fk_user_import_rows_import_id_user_imports'), ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_user_import_rows_user_id_users')),
        sa.PrimaryKeyConstraint('import_id', 'line', name=op.f('pk_user_import_rows'))
    )
    op.create_index(op.f('ix_user_import_rows_email_hmac'), 'user_import_rows', ['email_hmac'], unique=False)
    op.create_index('ix_user_import_rows_to_plan', 'user_import_rows', ['import_id', 'line'], unique=False, postgresql_where=sa.text('planned IS NULL'))
    op.create_index('ix_user_import_rows_to_run', 'user_import_rows', ['import_id', 'line'], unique=False, postgresql_where=sa.text('outcome IS NULL'))
    op.create_index(op.f('ix_user_import_rows_user_id'), 'user_import_rows', ['user_id'], unique=False)
    op.add_column('trn_tokens', sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('trn_tokens', sa.Column('revoked_by', sa.String(length=120), nullable=True))
    op.create_check_constraint(
        op.f('ck_trn_tokens_revocation_has_actor'), 'trn_tokens', '(revoked_at IS NULL) = (revoked_by IS NULL)')
    op.create_index('ix_trn_tokens_created_at', 'trn_tokens', ['created_at'], unique=False)
    op.create_index('ix_trn_tokens_email', 'trn_tokens', ['email'], unique=False)
    op.create_index('ix_users_stated_trn', 'users', ['stated_trn'], unique=False,
                    postgresql_where=sa.text('stated_trn IS NOT NULL'))
    op.create_index('ix_trn_tokens_trn', 'trn_tokens', ['trn'], unique=False)


def downgrade() -> None:
    op.drop_index('ix_users_stated_trn', table_name='users')
    op.drop_index('ix_trn_tokens_trn', table_name='trn_tokens')
    op.drop_index('ix_trn_tokens_email', table_name='trn_tokens')
    op.drop_index('ix_trn_tokens_created_at', table_name='trn_tokens')
    op.drop_constraint(op.f('ck_trn_tokens_revocation_has_actor'), 'trn_tokens')
    op.drop_column('trn_tokens', 'revoked_by')
    op.drop_column('trn_tokens', 'revoked_at')
    op.drop_index(op.f('ix_user_import_rows_user_id'), table_name='user_import_rows')
    op.drop_index('ix_user_import_rows_to_run', table_name='user_import_rows', postgresql_where=sa.text('outcome IS NULL'))
    op.drop_index('ix_user_import_rows_to_plan', table_name='user_import_rows', postgresql_where=sa.text('planned IS NULL'))
    op.drop_index(op.f('ix_user_import_rows_email_hmac'), table_name='user_import_rows')
    op.drop_table('user_import_rows')
    op.drop_index(op.f('ix_user_imports_state'), table_name='user_imports')
    op.drop_index(op.f('ix_user_imports_settled_at'), table_name='user_imports')
    op.drop_index(op.f('ix_user_imports_client_id'), table_name='user_imports')
    op.drop_table('user_imports')
    op.drop_index(op.f('ix_leaked_trns_source'), table_name='leaked_trns')
    op.drop_index(op.f('ix_leaked_trns_added_at'), table_name='leaked_trns')
    op.drop_table('leaked_trns')
    op.drop_index(op.f('ix_client_errors_last_at'), table_name='client_errors')
    op.drop_table('client_errors')
