"""The SQL of the floor and of the baseline: what the service asks and writes, in the fewest statements."""

FIND_USER = "SELECT id FROM users WHERE organization_id = $1 AND lower(email) = lower($2) LIMIT 1"

FIND_CASES = """
SELECT id, transcript, expected, 1 - (vector <=> $3::halfvec) AS similarity FROM test_cases
WHERE organization_id = $1 AND is_active AND embedding_model = $2 AND content_hash != $4
ORDER BY vector <=> $3::halfvec LIMIT 20
"""

FIND_VISITS = """
SELECT nearest.transcript_id, transcripts.text, coalesce(extractions.reviewed, extractions.result),
    extractions.evaluation, 1 - nearest.distance AS similarity
FROM (
    SELECT transcript_id, extraction_id, vector <=> $3::halfvec AS distance
    FROM (
        SELECT transcript_id, extraction_id, vector FROM embeddings
        WHERE user_id = $1 AND model = $2 AND approved AND kind = 'transcript'
        ORDER BY extraction_id DESC LIMIT 2000
    ) AS visits
    WHERE transcript_id NOT IN (SELECT id FROM transcripts WHERE user_id = $1 AND content_hash = $4)
    ORDER BY distance LIMIT 20
) AS nearest
JOIN extractions ON extractions.id = nearest.extraction_id
JOIN transcripts ON transcripts.id = nearest.transcript_id
ORDER BY nearest.distance
"""

OPEN_RUN = """
WITH new_transcript AS (
    INSERT INTO transcripts (organization_id, id, user_id, text, content_hash, visit_date)
    VALUES ($1, $2, $3, $4, $5, $6)
),
audited AS (
    INSERT INTO audit_pending (id, at, organization_id, actor, role, action, kind, record_id)
    VALUES ($10, $9, $1, 'local', 'admin', 'create', 'transcripts', $2),
        ($11, $9, $1, 'local', 'admin', 'create', 'extractions', $7)
)
INSERT INTO extractions (organization_id, id, user_id, transcript_id, state, request, created_at, updated_at)
VALUES ($1, $7, $3, $2, 'running', $8, $9, $9)
"""

SAVE = """
WITH saved AS (
    UPDATE extractions SET state = 'succeeded', model = $1, result = $2, evaluation = $3, review = $4, context = $5,
        degraded = $6, usage = $7, timings = $8, updated_at = now()
    WHERE id = $9
)
INSERT INTO embeddings (organization_id, kind, user_id, transcript_id, extraction_id, model, id, vector)
VALUES ($10, 'transcript', $11, $12, $9, $13, $14, $15::halfvec),
    ($10, 'extraction', $11, $12, $9, $13, $16, $17::halfvec)
"""

# The service writes these of finished requests once a second, many at once: the last phases, and that they were read.
NOTE_READ = """
INSERT INTO audit_pending (id, at, organization_id, actor, role, action, kind, record_id)
VALUES ($1, $2, $3, 'local', 'admin', 'read', 'extractions', $4)
"""
SAVE_TIMINGS = "UPDATE extractions SET timings = $2 WHERE id = $1"
