"""Pairwise subjects, key sets of services, per-client algorithms, and when the database says a code was issued.

Revision: 0007
Follows: 0006
"""

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('fetched_keys',
    sa.Column('uri', sa.String(length=2000), nullable=False),
    sa.Column('keys', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('fetched_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('tried_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('uri', name=op.f('pk_fetched_keys'))
    )
    op.create_index(op.f('ix_fetched_keys_tried_at'), 'fetched_keys', ['tried_at'], unique=False)
    op.create_table('pairwise_subjects',
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('sector_identifier', sa.String(length=255), nullable=False),
    sa.Column('subject', sa.Uuid(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_pairwise_subjects_user_id_users')),
    sa.PrimaryKeyConstraint('user_id', 'sector_identifier', name=op.f('pk_pairwise_subjects')),
    sa.UniqueConstraint('subject', name=op.f('uq_pairwise_subjects_subject'))
    )
    op.add_column('clients', sa.Column('sector_identifier', sa.String(length=255), nullable=True))
    op.add_column('clients', sa.Column('sector_identifier_uri', sa.String(length=2000), nullable=True))
    op.add_column('clients', sa.Column('userinfo_signed_response_alg', sa.String(length=10), nullable=True))
    op.add_column('clients', sa.Column('request_object_signing_alg', sa.String(length=10), nullable=True))
    op.add_column('clients', sa.Column('token_endpoint_auth_signing_alg', sa.String(length=10), nullable=True))
    op.add_column('clients', sa.Column('access_token_format', sa.String(length=10), server_default='opaque', nullable=False))
    op.add_column('clients', sa.Column('jwks_uri', sa.String(length=2000), nullable=True))
    op.add_column('grants', sa.Column('issued_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False))
    # Nobody could choose pairwise before, and whoever holds the word was given public subjects.
    op.execute("UPDATE clients SET subject_type = 'public' WHERE subject_type <> 'public'")
    op.create_check_constraint(op.f('ck_clients_pairwise_needs_sector'), 'clients', "subject_type = 'public' OR sector_identifier IS NOT NULL")
    op.create_check_constraint(op.f('ck_clients_access_token_format'), 'clients', "access_token_format IN ('opaque','jwt')")
    op.create_check_constraint(op.f('ck_clients_keys_at_one_place'), 'clients', 'jwks IS NULL OR jwks_uri IS NULL')


def downgrade() -> None:
    op.drop_constraint(op.f('ck_clients_keys_at_one_place'), 'clients', type_='check')
    op.drop_constraint(op.f('ck_clients_access_token_format'), 'clients', type_='check')
    op.drop_constraint(op.f('ck_clients_pairwise_needs_sector'), 'clients', type_='check')
    op.drop_column('grants', 'issued_at')
    op.drop_column('clients', 'jwks_uri')
    op.drop_column('clients', 'access_token_format')
    op.drop_column('clients', 'token_endpoint_auth_signing_alg')
    op.drop_column('clients', 'request_object_signing_alg')
    op.drop_column('clients', 'userinfo_signed_response_alg')
    op.drop_column('clients', 'sector_identifier_uri')
    op.drop_column('clients', 'sector_identifier')
    op.drop_table('pairwise_subjects')
    op.drop_index(op.f('ix_fetched_keys_tried_at'), table_name='fetched_keys')
    op.drop_table('fetched_keys')
