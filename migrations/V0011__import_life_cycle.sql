-- The life of an import after its first run: uploads that are awaited, plans, commits, undo.

ALTER TABLE intake.imports
  ALTER COLUMN object_version DROP NOT NULL,
  DROP CONSTRAINT imports_check,
  DROP CONSTRAINT imports_check1,
  ADD COLUMN name        text CHECK (length(name) BETWEEN 1 AND 255),
  ADD COLUMN created_by  text CHECK (length(created_by) BETWEEN 1 AND 255),
  ADD COLUMN instance_id uuid REFERENCES core.programme_instances,
  ADD COLUMN dry_run     boolean NOT NULL DEFAULT false,
  ADD COLUMN plan_hash   text CHECK (plan_hash ~ '^[0-9a-f]{64}$'),
  ADD COLUMN command     jsonb CHECK (command ->> 'kind' IN ('commit', 'undo')),
  ADD COLUMN rejects_of  uuid REFERENCES intake.imports,
  ADD COLUMN undone_at   timestamptz,
  -- An import that was asked to do something keeps its outcome until that is done.
  ADD CONSTRAINT imports_done CHECK (status <> 'done' OR (outcome IS NOT NULL AND finished_at IS NOT NULL AND command IS NULL)),
  ADD CONSTRAINT imports_not_done CHECK (status = 'done' OR command IS NOT NULL OR (outcome IS NULL AND finished_at IS NULL)),
  ADD CONSTRAINT imports_version CHECK (object_version IS NOT NULL OR status = 'waiting_upload'),
  ADD CONSTRAINT imports_undone CHECK ((outcome = 'undone') = (undone_at IS NOT NULL));
COMMENT ON COLUMN intake.imports.name IS 'The file''s name as it was announced; none where nobody announced it.';
COMMENT ON COLUMN intake.imports.created_by IS 'Who announced the upload: the token''s subject.';
COMMENT ON COLUMN intake.imports.instance_id IS 'The programme instance that was given with the upload; it wins over the source profile''s.';
COMMENT ON COLUMN intake.imports.dry_run IS 'Only a plan was asked for; a commit makes it real.';
COMMENT ON COLUMN intake.imports.plan_hash IS 'What a planned import would do, as a hash: a commit that would do anything else is planned again.';
COMMENT ON COLUMN intake.imports.command IS 'What a person asked for and the importer has not done yet: {"kind": "commit" or "undo", "actor", "request_id", "apply_stale", "accept_changes", "plan_hash"}.';
COMMENT ON COLUMN intake.imports.rejects_of IS 'The import whose rejected records came again, corrected, in this file.';
COMMENT ON COLUMN intake.imports.undone_at IS 'When it was taken back. Its revisions do not count as seen before.';
CREATE INDEX imports_instance ON intake.imports (instance_id);
CREATE INDEX imports_rejects_of ON intake.imports (rejects_of);
CREATE INDEX imports_source ON intake.imports (source, created_at DESC, import_id DESC);

ALTER TYPE intake.fate ADD VALUE 'restored';
ALTER TYPE intake.fate ADD VALUE 'removed';
ALTER TYPE intake.fate ADD VALUE 'kept_later_edit';

ALTER TABLE intake.revisions ADD COLUMN stored jsonb;
COMMENT ON COLUMN intake.revisions.stored IS 'The row as it stood in its table: what an undo puts back, column by column. People and texts by id.';
CREATE INDEX revisions_import ON intake.revisions (import_id);

ALTER TABLE vault.texts
  ADD COLUMN withdrawn_at timestamptz,
  ADD COLUMN revision     integer NOT NULL DEFAULT 1 CHECK (revision >= 1);
COMMENT ON COLUMN vault.texts.withdrawn_at IS 'The import that brought it was undone: no fact says these words any more.';
COMMENT ON COLUMN vault.texts.revision IS 'How often its state was told: 1 when it came, one more when it was withdrawn or is current again.';

-- A name that comes back needs its folded digest back, too.
ALTER TABLE vault.attribute_revisions ADD COLUMN folded bytea CHECK (length(folded) = 16);
CREATE OR REPLACE FUNCTION vault.keep_attribute_revision() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
  INSERT INTO vault.attribute_revisions (profile_id, field, source, revision, sealed, digest, folded, import_id, line, set_at)
  VALUES (OLD.profile_id, OLD.field, OLD.source, OLD.revision, OLD.sealed, OLD.digest, OLD.folded, OLD.import_id, OLD.line, OLD.set_at);
  RETURN NEW;
END $$;
CREATE INDEX attributes_import ON vault.attributes (import_id);
CREATE INDEX emails_import ON vault.emails (import_id);

-- An importer seals and compares, and cannot read: what an undo does in the vault is done by these two, and only for
-- an import that somebody asked to undo.
CREATE FUNCTION vault.undo_asked(p_import uuid) RETURNS void LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = '' AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM intake.imports i WHERE i.import_id = p_import AND i.command ->> 'kind' = 'undo') THEN
    RAISE EXCEPTION 'nobody asked to undo this import' USING ERRCODE = 'insufficient_privilege';
  END IF;
END $$;

CREATE FUNCTION vault.undo_attributes(p_import uuid, p_profiles uuid[]) RETURNS TABLE (profile_id uuid, field text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
#variable_conflict use_column
BEGIN
  PERFORM vault.undo_asked(p_import);
  RETURN QUERY
  WITH mine AS (
    SELECT a.profile_id AS person, a.field AS what, a.source AS door, earlier.*
    FROM vault.attributes a
    LEFT JOIN LATERAL (
      SELECT r.revision, r.sealed, r.digest, r.folded, r.import_id, r.line, r.set_at
      FROM vault.attribute_revisions r
      LEFT JOIN intake.imports i ON i.import_id = r.import_id
      WHERE r.profile_id = a.profile_id AND r.field = a.field AND r.source = a.source
        AND r.import_id IS DISTINCT FROM p_import AND i.undone_at IS NULL
      ORDER BY r.revision DESC LIMIT 1
    ) AS earlier ON true
    WHERE a.import_id = p_import AND a.profile_id = ANY (p_profiles)
  ), back AS (
    UPDATE vault.attributes a
    SET sealed = m.sealed, digest = m.digest, folded = m.folded, import_id = m.import_id, line = m.line,
        set_at = m.set_at, revision = a.revision + 1
    FROM mine m
    WHERE a.profile_id = m.person AND a.field = m.what AND a.source = m.door AND m.revision IS NOT NULL
    RETURNING a.profile_id AS person, a.field AS what
  ), gone AS (
    DELETE FROM vault.attributes a USING mine m
    WHERE a.profile_id = m.person AND a.field = m.what AND a.source = m.door AND m.revision IS NULL
    RETURNING a.profile_id AS person, a.field AS what
  ), forgotten AS (
    DELETE FROM vault.attribute_revisions r USING mine m
    WHERE r.profile_id = m.person AND r.field = m.what AND r.source = m.door AND m.revision IS NULL
  )
  SELECT person, what FROM back UNION ALL SELECT person, what FROM gone;
END $$;
COMMENT ON FUNCTION vault.undo_attributes IS 'What an import said about these people, and nobody since, goes back to what was said before by an import that was not undone; what was not said before goes.';

CREATE FUNCTION vault.undo_links(p_import uuid, p_external_ids text[]) RETURNS TABLE (link_id uuid, profile_id uuid)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
#variable_conflict use_column
BEGIN
  PERFORM vault.undo_asked(p_import);
  RETURN QUERY
  DELETE FROM core.external_ids x USING intake.imports i
  WHERE i.import_id = p_import AND x.source = i.source AND x.external_id = ANY (p_external_ids)
    AND x.linked_by = 'import ' || p_import
  RETURNING x.link_id, x.profile_id;
END $$;
COMMENT ON FUNCTION vault.undo_links IS 'Ids of people whose listing is taken back, where the import linked them.';

-- A profile that an import created came in its transaction: its address has the same time.
CREATE FUNCTION vault.undo_people(p_import uuid) RETURNS SETOF uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
  people uuid[];
  listed uuid[];
  person uuid;
  list record;
BEGIN
  PERFORM vault.undo_asked(p_import);
  SELECT array_agg(DISTINCT p.profile_id) INTO people
  FROM vault.emails e JOIN core.profiles p ON p.profile_id = e.profile_id AND p.created_at = e.added_at
  WHERE e.import_id = p_import;
  -- Lists of people (who came to an event) are no foreign keys.
  FOR list IN
    SELECT c.table_name, c.column_name FROM information_schema.columns c
    WHERE c.table_schema = 'core' AND c.udt_name = '_uuid'
      AND EXISTS (SELECT FROM information_schema.columns f
                  WHERE f.table_schema = 'core' AND f.table_name = c.table_name AND f.column_name = 'content_hash')
  LOOP
    EXECUTE format('SELECT array_agg(DISTINCT x) FROM core.%I t CROSS JOIN LATERAL unnest(t.%I) x WHERE x = ANY ($1)',
                   list.table_name, list.column_name) INTO listed USING people;
    people := ARRAY(SELECT unnest(people) EXCEPT SELECT unnest(listed));
  END LOOP;
  DELETE FROM intake.identity_suggestions s WHERE s.import_id = p_import AND s.state = 'open';
  FOREACH person IN ARRAY COALESCE(people, '{}') LOOP
    BEGIN
      UPDATE vault.texts t SET author_id = NULL
       WHERE t.author_id = person AND t.subject_id <> person AND t.import_id = p_import AND t.withdrawn_at IS NOT NULL;
      DELETE FROM vault.texts t WHERE t.subject_id = person AND t.import_id = p_import AND t.withdrawn_at IS NOT NULL;
      DELETE FROM vault.emails e WHERE e.profile_id = person AND e.import_id = p_import;
      DELETE FROM vault.attribute_revisions r WHERE r.profile_id = person;
      DELETE FROM vault.subject_keys k WHERE k.profile_id = person AND k.destroyed_at IS NULL;
      DELETE FROM core.timeline t WHERE t.profile_id = person;
      DELETE FROM core.enrolments t WHERE t.profile_id = person;
      DELETE FROM core.milestones t WHERE t.profile_id = person;
      DELETE FROM core.flags t WHERE t.profile_id = person;
      DELETE FROM core.profiles p WHERE p.profile_id = person;
      RETURN NEXT person;
    EXCEPTION WHEN foreign_key_violation THEN
      NULL; -- Something else refers to the person, who stays with all of this.
    END;
  END LOOP;
  -- Addresses that the import added to people who were there before it.
  DELETE FROM vault.emails e USING core.profiles p
   WHERE e.import_id = p_import AND p.profile_id = e.profile_id AND p.created_at <> e.added_at;
END $$;
COMMENT ON FUNCTION vault.undo_people IS 'Removes the people an import created, with what the projector made of them, where nothing else refers to them; gives their ids.';

REVOKE ALL ON FUNCTION vault.undo_asked, vault.undo_attributes, vault.undo_links, vault.undo_people FROM PUBLIC;
GRANT EXECUTE ON FUNCTION vault.undo_attributes, vault.undo_links, vault.undo_people TO teei_kintell_import, teei_buddy_import, teei_upskilling_import;

GRANT UPDATE (withdrawn_at, revision), SELECT (author_id, author_role, kind, source, supersedes, written_at, import_id, line, withdrawn_at, revision)
  ON vault.texts TO teei_kintell_import, teei_buddy_import, teei_upskilling_import;
-- A plan that is run again writes its fates anew; an undo changes them.
GRANT UPDATE (fates), DELETE ON intake.fates TO teei_kintell_import, teei_buddy_import, teei_upskilling_import;

-- An importer may take back what it may bring: the facts of its own source.
DO $$
DECLARE own record;
BEGIN
  FOR own IN
    SELECT g.grantee, g.table_name FROM information_schema.role_table_grants g
    WHERE g.table_schema = 'core' AND g.privilege_type = 'INSERT' AND g.grantee IN ('teei_kintell_import', 'teei_buddy_import', 'teei_upskilling_import')
      AND EXISTS (SELECT FROM information_schema.columns c
                  WHERE c.table_schema = 'core' AND c.table_name = g.table_name AND c.column_name = 'content_hash')
  LOOP
    EXECUTE format('GRANT DELETE ON core.%I TO %I', own.table_name, own.grantee);
  END LOOP;
END $$;

-- Who is removed is looked for in every table that may refer to a person or a text: each such column has an index.
DO $$
DECLARE reference record;
BEGIN
  FOR reference IN
    SELECT n.nspname, r.relname, a.attname, a.attnotnull
    FROM pg_constraint c
    JOIN pg_class r ON r.oid = c.conrelid
    JOIN pg_namespace n ON n.oid = r.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
    WHERE c.contype = 'f' AND c.confrelid IN ('core.profiles'::regclass, 'vault.texts'::regclass)
      AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.conrelid AND i.indkey[0] = c.conkey[1])
    ORDER BY 1, 2, 3
  LOOP
    EXECUTE format('CREATE INDEX %I ON %I.%I (%I) %s', reference.relname || '_' || reference.attname, reference.nspname, reference.relname,
                   reference.attname, CASE WHEN reference.attnotnull THEN '' ELSE format('WHERE %I IS NOT NULL', reference.attname) END);
  END LOOP;
END $$;
