"""Seal the sentences of explanations, which repeat what was asked; those of older lookups are taken out.

Revision: 0028
Follows: 0027
"""

from alembic import op
import sqlalchemy as sa

revision = '0028'
down_revision = '0027'
branch_labels = None
depends_on = None

def upgrade() -> None:
    op.add_column('lookups', sa.Column('sentences_sealed', sa.LargeBinary(), nullable=True))
    # What replays and the check of National Insurance numbers read is the levels: they stay as they are.
    op.execute("""
        UPDATE lookups SET explanation = explanation || jsonb_build_object('candidates', (
            SELECT coalesce(jsonb_agg(candidate || jsonb_build_object('fields', (
                SELECT coalesce(jsonb_agg(compared - 'sentence' ORDER BY place), '[]'::jsonb)
                FROM jsonb_array_elements(candidate->'fields') WITH ORDINALITY AS one (compared, place)
            )) ORDER BY rank), '[]'::jsonb)
            FROM jsonb_array_elements(explanation->'candidates') WITH ORDINALITY AS each (candidate, rank)
        ))
        WHERE explanation ? 'candidates'
    """)

def downgrade() -> None:
    op.drop_column('lookups', 'sentences_sealed')
