-- Five schemas, and a database role for each function that asks Postgres anything.
-- The roles own nothing: `migrate` runs as the owner, gives the roles their logins, and no function can change a table's shape.

CREATE SCHEMA vault;
CREATE SCHEMA core;
CREATE SCHEMA intake;
CREATE SCHEMA bus;
CREATE SCHEMA audit;

COMMENT ON SCHEMA vault  IS 'Sealed personal data and texts, subject keys, blind indexes. The only place where people are.';
COMMENT ON SCHEMA core   IS 'Pseudonymous facts: profiles, programmes, sessions, timeline. Knows people by profile_id only.';
COMMENT ON SCHEMA intake IS 'What came in and what became of every record: imports, fates, revisions, source profiles.';
COMMENT ON SCHEMA bus    IS 'Contract events: the insert-only log that is also the outbox, the relay''s state, the consumers'' inbox.';
COMMENT ON SCHEMA audit  IS 'Who did what to whom. Append-only.';

-- Roles belong to the server, not to a database: another database of the same server may have made them already.
DO $$
DECLARE r text;
BEGIN
  FOREACH r IN ARRAY ARRAY['teei_kintell_import', 'teei_bus_relay', 'teei_profile_projector', 'teei_profile_api', 'teei_gateway_api'] LOOP
    BEGIN
      EXECUTE format('CREATE ROLE %I NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT', r);
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
    END;
  END LOOP;
END $$;

REVOKE ALL ON SCHEMA public FROM PUBLIC;

GRANT USAGE ON SCHEMA vault, core, intake, bus TO teei_kintell_import;
GRANT USAGE ON SCHEMA vault, core, bus, audit TO teei_profile_api;
GRANT USAGE ON SCHEMA core, bus TO teei_profile_projector;
GRANT USAGE ON SCHEMA core, bus TO teei_bus_relay;
GRANT USAGE ON SCHEMA core, intake, bus TO teei_gateway_api;
