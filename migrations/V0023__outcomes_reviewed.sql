-- Scoring, reviewed: corrections belong to words, figures of companies are published once, texts of emptied cells go.

-- A text whose cell a later file or delivery leaves empty is withdrawn by whoever takes that in.
COMMENT ON COLUMN vault.texts.withdrawn_at IS 'No fact says these words any more: the import that brought them was undone, or a later one left their cell empty.';
GRANT UPDATE (withdrawn_at, revision), SELECT (supersedes, withdrawn_at, revision) ON vault.texts TO teei_kintell_webhook, teei_buddy_api;

-- Notes and topics say nothing of what somebody gained.
ALTER TABLE core.readings DROP CONSTRAINT readings_state_check, ADD CONSTRAINT readings_state_check
  CHECK (state IN ('read', 'not_read', 'held', 'no_purpose', 'undeclared', 'superseded', 'withdrawn', 'not_scored'));
COMMENT ON COLUMN core.readings.state IS 'read: scored, perhaps with no outcome. not_read: not in a language the engine reads, or empty. held: moderation does not let it through. no_purpose: the person does not allow scoring. undeclared: nobody said who wrote it. superseded, withdrawn: the words do not hold any more. not_scored: of the kind other (notes, topics), which is not.';

-- A correction is about the words somebody looked at, and about no others. Of one made before, these are known as long
-- as its outcome is what it made of it.
ALTER TABLE core.outcome_corrections
  ADD COLUMN digest bytea CHECK (length(digest) = 16),
  ADD COLUMN score  smallint CHECK (score BETWEEN 0 AND 1000);
COMMENT ON COLUMN core.outcome_corrections.digest IS 'Of the words it was made on, as in core.readings; it counts for these. None: they are not known any more, and it is an example only.';
COMMENT ON COLUMN core.outcome_corrections.score IS 'What the words score by this verdict, in thousandths; none with 0.';
UPDATE core.outcome_corrections c
SET digest = CASE WHEN o.revision = c.revision + 1 AND o.method = 'human' AND (o.retracted IS DISTINCT FROM 'corrected' OR c.verdict = '0') THEN r.digest END,
    score = CASE WHEN c.verdict = '0' THEN NULL WHEN c.verdict = o.polarity THEN o.score WHEN c.verdict = '+' THEN 750 ELSE 250 END
FROM core.outcomes o JOIN core.readings r ON r.text_id = o.text_id
WHERE o.outcome_id = c.outcome_id;
ALTER TABLE core.outcome_corrections
  ADD CHECK ((verdict = '0') = (score IS NULL)),
  ADD CHECK (score IS NULL OR (score >= 500) = (verdict = '+'));

-- Whether words still hold is asked before somebody judges or reads them.
GRANT SELECT (supersedes, withdrawn_at) ON vault.texts TO teei_q2q_api;

-- Figures of companies: cut and counted once, then told as they are.
CREATE TABLE core.publications (
  company_id   uuid NOT NULL REFERENCES core.companies,
  edition      integer NOT NULL CHECK (edition >= 1),
  through      integer NOT NULL,
  published_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (company_id, edition)
);
COMMENT ON TABLE core.publications IS 'What was published of a company. The highest edition is what it sees; another one is made on order, of all quarters, and only where no set of answers of all editions is about too few people.';
COMMENT ON COLUMN core.publications.through IS 'The last quarter that was published: year * 4 + quarter - 1.';
COMMENT ON COLUMN core.publications.published_at IS 'When the edition was made; quarters were added since.';

CREATE TABLE core.published_blocks (
  block_id      uuid PRIMARY KEY,
  company_id    uuid NOT NULL,
  edition       integer NOT NULL,
  measure       text NOT NULL CHECK (measure IN ('coverage', 'confidence', 'belonging', 'lang_level_proxy', 'job_readiness', 'well_being')),
  programmes    text[] NOT NULL CHECK (cardinality(programmes) > 0 AND programmes <@ ARRAY['buddy', 'language', 'mentorship', 'upskilling']),
  first_quarter integer NOT NULL,
  last_quarter  integer NOT NULL CHECK (last_quarter >= first_quarter),
  persons       integer NOT NULL CHECK (persons >= CASE WHEN measure = 'well_being' THEN 10 ELSE 5 END AND persons % 5 = 0),
  with_evidence integer NOT NULL CHECK (with_evidence >= 0 AND with_evidence % 5 = 0),
  texts         integer CHECK (texts >= 5 AND texts % 5 = 0),
  not_read      integer CHECK (not_read >= 0 AND not_read % 5 = 0),
  share_plus    smallint CHECK (share_plus BETWEEN 0 AND 100 AND share_plus % 5 = 0),
  mean          smallint CHECK (mean BETWEEN 0 AND 100 AND mean % 5 = 0),
  low           smallint CHECK (low BETWEEN 0 AND 100 AND low % 5 = 0),
  high          smallint CHECK (high BETWEEN low AND 100 AND high % 5 = 0),
  published_at  timestamptz NOT NULL DEFAULT now(),
  FOREIGN KEY (company_id, edition) REFERENCES core.publications,
  CHECK ((measure = 'coverage') = (texts IS NOT NULL) AND (texts IS NULL) = (not_read IS NULL)),
  CHECK ((measure = 'coverage') = (share_plus IS NULL) AND (share_plus IS NULL) = (mean IS NULL)),
  CHECK ((low IS NULL) = (high IS NULL) AND (low IS NULL OR mean IS NOT NULL))
);
COMMENT ON TABLE core.published_blocks IS 'Quarters of programmes that are published together, with the numbers a company sees: counts in fives, shares in hundredths. They do not change any more, whatever becomes of the people; a number is about at least five of them, ten for well-being.';
CREATE INDEX published_blocks_company ON core.published_blocks (company_id, edition);

CREATE TABLE core.published_texts (
  block_id uuid NOT NULL REFERENCES core.published_blocks,
  text     bytea NOT NULL CHECK (length(text) = 16),
  person   bytea NOT NULL CHECK (length(person) = 16),
  revision integer NOT NULL CHECK (revision >= 0),
  PRIMARY KEY (block_id, text)
);
COMMENT ON TABLE core.published_texts IS 'Which texts a block was counted from, as keyed digests: no text is counted twice, and a further edition shows whom it would single out. Names nobody, holds no score, and outlives erasure.';
COMMENT ON COLUMN core.published_texts.revision IS 'Of the outcome that was counted; of the coverage a hash of those of all and of whether it was read.';

GRANT SELECT, INSERT ON core.publications, core.published_blocks, core.published_texts TO teei_q2q_scorer;
GRANT UPDATE (through) ON core.publications TO teei_q2q_scorer;
GRANT SELECT (company_id) ON core.companies TO teei_q2q_scorer;
-- Nothing is published while files are taken in.
GRANT USAGE ON SCHEMA intake TO teei_q2q_scorer;
GRANT SELECT (status, attempted_at) ON intake.imports TO teei_q2q_scorer;
GRANT SELECT ON core.publications, core.published_blocks TO teei_q2q_api;

-- Nothing wrote or read these.
ALTER TABLE core.screenings DROP COLUMN degraded;
ALTER TABLE core.unscreened_texts DROP COLUMN noted_at;
