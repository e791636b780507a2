-- People under surrogate ids, the companies and programmes they take part in, and on what basis their data is used.

CREATE TABLE core.companies (
  company_id uuid PRIMARY KEY,
  name       text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE core.companies IS 'A company that pays for programmes and may see figures of its own.';

CREATE TABLE core.company_domains (
  domain     text PRIMARY KEY CHECK (domain = lower(domain) AND domain LIKE '%.%'),
  company_id uuid NOT NULL REFERENCES core.companies
);
COMMENT ON TABLE core.company_domains IS 'E-mail domains a company lists: a fact without a programme instance belongs to its volunteer''s company.';
CREATE INDEX company_domains_company ON core.company_domains (company_id);

CREATE TABLE core.programme_instances (
  instance_id uuid PRIMARY KEY,
  programme   text NOT NULL CHECK (programme IN ('buddy', 'language', 'mentorship', 'upskilling')),
  name        text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  starts_on   date NOT NULL,
  ends_on     date,
  company_id  uuid REFERENCES core.companies,
  CHECK (ends_on IS NULL OR ends_on >= starts_on),
  UNIQUE (programme, name, starts_on)
);
COMMENT ON TABLE core.programme_instances IS 'One run of a programme, with its company or none. What belongs to no instance and no company is in no company''s figure.';
CREATE INDEX programme_instances_company ON core.programme_instances (company_id);

CREATE TABLE core.profiles (
  profile_id uuid PRIMARY KEY,
  revision   integer NOT NULL DEFAULT 1 CHECK (revision >= 1),
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  company_id uuid REFERENCES core.companies
);
COMMENT ON TABLE core.profiles IS 'A person under a surrogate id; who it is stands in the vault only.';
COMMENT ON COLUMN core.profiles.revision IS 'Counts changes a reader of the profile can see; it is the ETag.';
COMMENT ON COLUMN core.profiles.company_id IS 'The company whose e-mail domain the person came with; the domain itself is not kept here.';
CREATE INDEX profiles_company ON core.profiles (company_id);

CREATE TABLE core.external_ids (
  link_id     uuid PRIMARY KEY,
  source      text NOT NULL CHECK (source ~ '^[a-z][a-z0-9_]{1,31}$'),
  external_id text NOT NULL CHECK (length(external_id) BETWEEN 1 AND 255 AND external_id NOT LIKE '%@%'),
  profile_id  uuid NOT NULL REFERENCES core.profiles,
  linked_by   text NOT NULL,
  linked_at   timestamptz NOT NULL DEFAULT now(),
  UNIQUE (source, external_id)
);
COMMENT ON TABLE core.external_ids IS 'The id of a person in a source; one owner per (source, id). An e-mail is not an id: the check refuses an @.';
CREATE INDEX external_ids_profile ON core.external_ids (profile_id);

CREATE TABLE core.purpose_defaults (
  programme   text NOT NULL CHECK (programme IN ('buddy', 'language', 'mentorship', 'upskilling')),
  purpose     text NOT NULL CHECK (purpose IN ('programme', 'safety', 'outcome_scoring', 'company_reporting', 'external_model')),
  legal_basis text NOT NULL CHECK (legal_basis IN ('consent', 'contract', 'legal_obligation', 'vital_interests', 'public_task', 'legitimate_interests', 'none')),
  state       text NOT NULL CHECK (state IN ('granted', 'objected', 'restricted', 'withdrawn')),
  PRIMARY KEY (programme, purpose)
);
COMMENT ON TABLE core.purpose_defaults IS 'What holds for a person of a programme who has said nothing else. No row: not allowed.';
INSERT INTO core.purpose_defaults
SELECT programme, purpose, basis, state
FROM unnest(ARRAY['buddy', 'language', 'mentorship', 'upskilling']) AS programme,
     (VALUES ('programme',         'contract',             'granted'),
             ('safety',            'legitimate_interests', 'granted'),
             ('outcome_scoring',   'legitimate_interests', 'granted'),
             ('company_reporting', 'legitimate_interests', 'granted'),
             ('external_model',    'none',                 'withdrawn')) AS p (purpose, basis, state);

CREATE TABLE core.purposes (
  profile_id  uuid NOT NULL REFERENCES core.profiles,
  purpose     text NOT NULL CHECK (purpose IN ('programme', 'safety', 'outcome_scoring', 'company_reporting', 'external_model')),
  legal_basis text NOT NULL CHECK (legal_basis IN ('consent', 'contract', 'legal_obligation', 'vital_interests', 'public_task', 'legitimate_interests', 'none')),
  state       text NOT NULL CHECK (state IN ('granted', 'objected', 'restricted', 'withdrawn')),
  source      text NOT NULL,
  since       timestamptz NOT NULL,
  PRIMARY KEY (profile_id, purpose)
);
COMMENT ON TABLE core.purposes IS 'What one person said about one purpose; wins over the programme''s default.';

CREATE TABLE core.programme_staff (
  subject   text NOT NULL CHECK (length(subject) BETWEEN 1 AND 255),
  programme text NOT NULL CHECK (programme IN ('buddy', 'language', 'mentorship', 'upskilling')),
  PRIMARY KEY (subject, programme)
);
COMMENT ON TABLE core.programme_staff IS 'Which programmes a coordinator (the token''s subject) runs: "own programmes" of the access table.';

CREATE TABLE core.heartbeats (
  function      text PRIMARY KEY,
  service       text NOT NULL,
  last_ok_at    timestamptz,
  last_error_at timestamptz,
  last_error    text CHECK (length(last_error) <= 100),
  CHECK (last_ok_at IS NOT NULL OR last_error_at IS NOT NULL)
);
COMMENT ON TABLE core.heartbeats IS 'How each function''s last runs ended, written by itself at most every ten seconds; what the public health answer reads.';
COMMENT ON COLUMN core.heartbeats.last_error IS 'A stable error code, no message: nothing here may name a person.';

GRANT SELECT, INSERT, UPDATE ON core.heartbeats TO teei_kintell_import, teei_bus_relay, teei_profile_projector, teei_profile_api, teei_gateway_api;
GRANT SELECT ON core.company_domains, core.programme_instances, core.purposes, core.purpose_defaults TO teei_kintell_import;
GRANT SELECT, INSERT, UPDATE ON core.profiles TO teei_kintell_import;
GRANT SELECT, UPDATE ON core.profiles TO teei_profile_api, teei_profile_projector;
GRANT SELECT, INSERT ON core.external_ids TO teei_profile_api;
GRANT SELECT ON core.programme_staff TO teei_profile_api;
