-- What came in by every door, what is declared about each source, and the fate of every record.

CREATE TABLE intake.source_profiles (
  source        text NOT NULL,
  entity        text NOT NULL,
  layout        text NOT NULL,
  date_order    text CHECK (date_order IN ('day_first', 'month_first')),
  decimal_sign  text CHECK (decimal_sign IN ('point', 'comma')),
  rating_scale  text CHECK (rating_scale IN ('1-5', '0-1')),
  zone          text,
  excel_serials boolean NOT NULL DEFAULT false,
  encoding      text CHECK (encoding IN ('windows-1252', 'windows-1251')),
  author        text CHECK (author IN ('participant', 'volunteer', 'buddy')),
  rater         text CHECK (rater IN ('participant', 'volunteer', 'buddy')),
  instance_id   uuid REFERENCES core.programme_instances,
  PRIMARY KEY (source, entity, layout)
);
COMMENT ON TABLE intake.source_profiles IS 'Facts of a source that a file cannot prove: declared here, not guessed. author and rater say who wrote the texts and gave the ratings.';
CREATE INDEX source_profiles_instance ON intake.source_profiles (instance_id);
INSERT INTO intake.source_profiles (source, entity, layout, rating_scale, zone, author, rater) VALUES
  ('kintell', 'sessions', 'language', '1-5', 'Europe/Oslo', 'participant', 'participant'),
  ('kintell', 'sessions', 'mentor',   '1-5', 'Europe/Oslo', 'participant', 'participant'),
  ('kintell', 'sessions', 'legacy',   '1-5', 'Europe/Oslo', 'participant', 'participant'),
  ('kintell', 'users',    'users',    NULL,  'Europe/Oslo', NULL,          NULL);

CREATE TABLE intake.imports (
  import_id      uuid PRIMARY KEY,
  source         text NOT NULL,
  entity         text,
  layout         text,
  status         text NOT NULL CHECK (status IN ('waiting_upload', 'queued', 'running', 'done')),
  outcome        text CHECK (outcome IN ('loaded', 'refused', 'unchanged', 'planned', 'failed', 'undone')),
  retryable      boolean NOT NULL DEFAULT false,
  reason         text,
  bucket         text NOT NULL,
  object_key     text NOT NULL,
  object_version text NOT NULL,
  bytes          bigint CHECK (bytes >= 0),
  sha256         bytea CHECK (length(sha256) = 32),
  receipt        jsonb,
  attempts       integer NOT NULL DEFAULT 1,
  attempted_at   timestamptz NOT NULL DEFAULT now(),
  created_at     timestamptz NOT NULL DEFAULT now(),
  finished_at    timestamptz,
  UNIQUE (bucket, object_key, object_version),
  CHECK ((status = 'done') = (outcome IS NOT NULL)),
  CHECK ((status = 'done') = (finished_at IS NOT NULL))
);
COMMENT ON TABLE intake.imports IS 'One file''s run. A delivery is (bucket, key, version): told twice, it runs once.';
COMMENT ON COLUMN intake.imports.receipt IS 'The receipt as the coordinator reads it; see shared::intake::receipt.';
CREATE INDEX imports_sha256 ON intake.imports (sha256);
CREATE INDEX imports_created ON intake.imports (created_at DESC, import_id DESC);
CREATE INDEX imports_object_key ON intake.imports (object_key, created_at DESC);

CREATE TYPE intake.fate AS ENUM ('new', 'changed', 'unchanged', 'duplicate', 'blank', 'rejected', 'suppressed');

CREATE TABLE intake.fates (
  import_id    uuid NOT NULL REFERENCES intake.imports,
  first_record integer NOT NULL CHECK (first_record >= 1),
  lines        integer[] NOT NULL,
  line_ends    integer[] NOT NULL,
  fates        intake.fate[] NOT NULL,
  facts        uuid[] NOT NULL,
  notes        jsonb NOT NULL DEFAULT '{}',
  PRIMARY KEY (import_id, first_record),
  CHECK (cardinality(lines) BETWEEN 1 AND 1000
     AND cardinality(line_ends) = cardinality(lines)
     AND cardinality(fates) = cardinality(lines)
     AND cardinality(facts) = cardinality(lines))
);
COMMENT ON TABLE intake.fates IS 'The fate of every record, up to a thousand a row, in file order. notes holds code, column, reason and warnings of those that have any, by record number. Read it through intake.records.';

CREATE VIEW intake.records AS
SELECT f.import_id,
       f.first_record + i.n - 1                      AS record,
       f.lines[i.n]                                  AS line,
       f.line_ends[i.n]                              AS line_end,
       f.fates[i.n]                                  AS fate,
       note ->> 'code'                               AS code,
       note ->> 'column'                             AS "column",
       note ->> 'reason'                             AS reason,
       COALESCE(note -> 'warnings', '[]'::jsonb)     AS warnings,
       f.facts[i.n]                                  AS fact
FROM intake.fates f
CROSS JOIN LATERAL generate_subscripts(f.lines, 1) AS i (n)
CROSS JOIN LATERAL (SELECT f.notes -> (f.first_record + i.n - 1)::text AS note) AS x;
COMMENT ON VIEW intake.records IS 'One row a record: what became of it, why, and the fact it fed.';

CREATE TABLE intake.revisions (
  fact_id      uuid NOT NULL,
  revision     integer NOT NULL CHECK (revision >= 1),
  entity       text NOT NULL,
  content_hash bytea NOT NULL CHECK (length(content_hash) = 32),
  content      jsonb NOT NULL,
  import_id    uuid REFERENCES intake.imports,
  line         integer,
  replaced_at  timestamptz NOT NULL DEFAULT now(),
  replaced_by  uuid REFERENCES intake.imports,
  PRIMARY KEY (fact_id, revision)
);
COMMENT ON TABLE intake.revisions IS 'Every superseded revision of a fact: its canonical values (people and texts by id), its hash and where it came from.';

CREATE TABLE intake.identity_suggestions (
  suggestion_id uuid PRIMARY KEY,
  kind          text NOT NULL CHECK (kind IN ('same_email_other_id', 'names_differ')),
  profile_id    uuid NOT NULL REFERENCES core.profiles,
  other_id      uuid NOT NULL REFERENCES core.profiles,
  import_id     uuid REFERENCES intake.imports,
  line          integer,
  raised_at     timestamptz NOT NULL DEFAULT now(),
  state         text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'same', 'different')),
  UNIQUE (kind, profile_id, other_id)
);
COMMENT ON TABLE intake.identity_suggestions IS 'Two records that may be one person (or one that may be two): in doubt nobody is joined, a person decides.';

GRANT SELECT ON intake.source_profiles TO teei_kintell_import;
GRANT SELECT, INSERT, UPDATE ON intake.imports TO teei_kintell_import;
GRANT SELECT, INSERT ON intake.fates, intake.revisions, intake.identity_suggestions TO teei_kintell_import;
GRANT SELECT ON intake.imports, intake.fates, intake.records TO teei_gateway_api;
