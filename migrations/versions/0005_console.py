"""Make people findable by name among a million.

Revision: 0005
Follows: 0004
"""

from alembic import op
import sqlalchemy as sa

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index('ix_users_first_consonants', 'users', [sa.literal_column("left(translate(lower(first_name), 'çćčďđðğłľļńñňņŕřśšșşťțţźżžaeiouyhw ''’-àáâãäåāăąæèéêëēėęěìíîïīįıòóôõöøōőœùúûüūůűųýÿŵ', 'cccdddglllnnnnrrsssstttzzz'), 3)")], unique=False)
    op.create_index('ix_users_first_name_lower', 'users', [sa.literal_column('lower(first_name)')], unique=False)
    op.create_index('ix_users_last_consonants', 'users', [sa.literal_column("left(translate(lower(last_name), 'çćčďđðğłľļńñňņŕřśšșşťțţźżžaeiouyhw ''’-àáâãäåāăąæèéêëēėęěìíîïīįıòóôõöøōőœùúûüūůűųýÿŵ', 'cccdddglllnnnnrrsssstttzzz'), 3)")], unique=False)
    op.create_index('ix_users_last_name_lower', 'users', [sa.literal_column('lower(last_name)')], unique=False)


def downgrade() -> None:
    op.drop_index('ix_users_last_name_lower', table_name='users')
    op.drop_index('ix_users_last_consonants', table_name='users')
    op.drop_index('ix_users_first_name_lower', table_name='users')
    op.drop_index('ix_users_first_consonants', table_name='users')
