"""Requests for changes of name or date of birth, their files and history, and what the DQT is told of them.

Revision: 0023
Follows: 0022
"""

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
revision = '0023'
down_revision = '0022'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('change_requests',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('reference', sa.String(length=20), nullable=False),
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('kind', sa.Enum('name', 'date_of_birth', name='changekind', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('reason', sa.Enum('marriage', 'divorce', 'deed_poll', 'gender', 'our_mistake', 'my_mistake', 'other', 'identity_check', name='changereason', native_enum=False, create_constraint=True, length=40), nullable=True),
    sa.Column('identity_check_id', sa.Uuid(), nullable=True),
    sa.Column('first_name', sa.String(length=200), nullable=False),
    sa.Column('middle_name', sa.String(length=200), nullable=False),
    sa.Column('last_name', sa.String(length=200), nullable=False),
    sa.Column('date_of_birth', sa.Date(), nullable=True),
    sa.Column('stood', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('state', sa.Enum('draft', 'submitted', 'more_evidence', 'approved', 'rejected', 'withdrawn', 'lapsed', name='changestate', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('language', sa.String(length=10), nullable=False),
    sa.Column('assigned_to_id', sa.Uuid(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('submitted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('first_submitted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_by', sa.String(length=160), nullable=True),
    sa.Column('rejection', sa.Enum('differs', 'wrong_document', 'unreadable', 'incomplete', 'out_of_date', 'other', name='rejectionreason', native_enum=False, create_constraint=True, length=40), nullable=True),
    sa.Column('message', sa.Text(), nullable=False),
    sa.CheckConstraint("(state IN ('draft', 'submitted', 'more_evidence')) = (ended_at IS NULL)", name=op.f('ck_change_requests_ended_has_time')),
    sa.CheckConstraint("state = 'draft' OR submitted_at IS NOT NULL", name=op.f('ck_change_requests_submitted_has_time')),
    sa.ForeignKeyConstraint(['assigned_to_id'], ['staff_users.id'], name=op.f('fk_change_requests_assigned_to_id_staff_users')),
    sa.ForeignKeyConstraint(['identity_check_id'], ['identity_checks.id'], name=op.f('fk_change_requests_identity_check_id_identity_checks'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_change_requests_user_id_users')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_change_requests')),
    sa.UniqueConstraint('reference', name=op.f('uq_change_requests_reference'))
    )
    op.create_index(op.f('ix_change_requests_assigned_to_id'), 'change_requests', ['assigned_to_id'], unique=False)
    op.create_index(op.f('ix_change_requests_identity_check_id'), 'change_requests', ['identity_check_id'], unique=False)
    op.create_index('ix_change_requests_queue', 'change_requests', ['state', 'submitted_at'], unique=False)
    op.create_index(op.f('ix_change_requests_user_id'), 'change_requests', ['user_id'], unique=False)
    op.create_index('uq_change_requests_draft', 'change_requests', ['user_id', 'kind'], unique=True, postgresql_where=sa.text("state = 'draft'"))
    op.create_index('uq_change_requests_open', 'change_requests', ['user_id', 'kind'], unique=True, postgresql_where=sa.text("state IN ('submitted', 'more_evidence')"))
    op.create_table('change_events',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('change_request_id', sa.Uuid(), nullable=False),
    sa.Column('what', sa.Enum('submitted', 'more_evidence_asked', 'evidence_unsafe', 'submitted_again', 'approved', 'rejected', 'withdrawn', 'lapsed', 'reported', 'register_accepted', 'register_declined', 'register_refused', name='happening', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('by', sa.String(length=160), nullable=False),
    sa.Column('note', sa.Text(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['change_request_id'], ['change_requests.id'], name=op.f('fk_change_events_change_request_id_change_requests'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_change_events'))
    )
    op.create_index('ix_change_events_request', 'change_events', ['change_request_id', 'at'], unique=False)
    op.create_table('change_reports',
    sa.Column('change_request_id', sa.Uuid(), nullable=False),
    sa.Column('trn', sa.String(length=7), nullable=False),
    sa.Column('state', sa.Enum('waiting', 'sent', 'accepted', 'declined', 'refused', name='reportstate', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('evidence_id', sa.Uuid(), nullable=True),
    sa.Column('tried_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('case_number', sa.String(length=100), nullable=False),
    sa.Column('checked_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('settled_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('last_error', sa.String(length=500), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['evidence_id'], ['evidence.id'], name=op.f('fk_change_reports_evidence_id_evidence'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['change_request_id'], ['change_requests.id'], name=op.f('fk_change_reports_change_request_id_change_requests'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('change_request_id', name=op.f('pk_change_reports'))
    )
    op.create_table('change_files',
    sa.Column('evidence_id', sa.Uuid(), nullable=False),
    sa.Column('change_request_id', sa.Uuid(), nullable=False),
    sa.Column('added_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['change_request_id'], ['change_requests.id'], name=op.f('fk_change_files_change_request_id_change_requests'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['evidence_id'], ['evidence.id'], name=op.f('fk_change_files_evidence_id_evidence'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('evidence_id', name=op.f('pk_change_files'))
    )
    op.create_index(op.f('ix_change_files_change_request_id'), 'change_files', ['change_request_id'], unique=False)
    op.add_column('identity_checks', sa.Column('reference_hmac', sa.LargeBinary(), nullable=True))
    op.add_column('identity_checks', sa.Column('weighed_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('identity_checks', sa.Column('led_to', sa.String(length=40), server_default='', nullable=False))
    op.create_index('uq_identity_checks_reference', 'identity_checks', ['client_id', 'reference_hmac'], unique=True, postgresql_where=sa.text('reference_hmac IS NOT NULL'))


def downgrade() -> None:
    op.drop_index('uq_identity_checks_reference', table_name='identity_checks', postgresql_where=sa.text('reference_hmac IS NOT NULL'))
    op.drop_column('identity_checks', 'led_to')
    op.drop_column('identity_checks', 'weighed_at')
    op.drop_column('identity_checks', 'reference_hmac')
    op.drop_table('change_files')
    op.drop_table('change_reports')
    op.drop_index('ix_change_events_request', table_name='change_events')
    op.drop_table('change_events')
    op.drop_index('uq_change_requests_open', table_name='change_requests', postgresql_where=sa.text("state IN ('submitted', 'more_evidence')"))
    op.drop_index('uq_change_requests_draft', table_name='change_requests', postgresql_where=sa.text("state = 'draft'"))
    op.drop_index(op.f('ix_change_requests_user_id'), table_name='change_requests')
    op.drop_index('ix_change_requests_queue', table_name='change_requests')
    op.drop_index(op.f('ix_change_requests_identity_check_id'), table_name='change_requests')
    op.drop_index(op.f('ix_change_requests_assigned_to_id'), table_name='change_requests')
    op.drop_table('change_requests')
