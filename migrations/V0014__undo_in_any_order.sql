-- Undo in any order: what one undo had to leave, because something else held it, goes with the undo that frees it.

ALTER TABLE intake.imports ADD COLUMN told integer NOT NULL DEFAULT 0 CHECK (told >= 0);
COMMENT ON COLUMN intake.imports.told IS 'How many events told of the import itself. The next one has the next revision, however often the file was delivered.';
UPDATE intake.imports i SET told = e.revision
FROM (SELECT subject, max((detail::jsonb -> 'data' ->> 'revision')::integer) AS revision FROM bus.events
      WHERE type LIKE 'intake.import.%' GROUP BY subject) AS e
WHERE e.subject = i.import_id;

-- Undone, or being undone now.
CREATE FUNCTION vault.is_undone(p_other uuid, p_import uuid) RETURNS boolean LANGUAGE sql STABLE SET search_path = '' AS $$
  SELECT p_other = p_import OR EXISTS (SELECT FROM intake.imports i WHERE i.import_id = p_other AND i.undone_at IS NOT NULL)
$$;
COMMENT ON FUNCTION vault.is_undone IS 'Whether an import was undone before, or is the one that is being undone.';

DROP FUNCTION vault.undo_attributes(uuid, uuid[]);
CREATE FUNCTION vault.undo_attributes(p_import uuid, p_profiles uuid[], p_unlisted uuid[]) RETURNS TABLE (profile_id uuid, field text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
#variable_conflict use_column
DECLARE
  own text := (SELECT i.source FROM intake.imports i WHERE i.import_id = p_import);
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
    WHERE (a.import_id = p_import AND a.profile_id = ANY (p_profiles))
       OR (a.profile_id = ANY (p_unlisted) AND a.source = own AND vault.is_undone(a.import_id, p_import))
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
COMMENT ON FUNCTION vault.undo_attributes IS 'What an import said about these people, and nobody since, goes back to what was said before by an import that was not undone; what was not said before goes. Of people whom the source lists no more, also what imports said that were undone before.';

CREATE OR REPLACE FUNCTION vault.undo_links(p_import uuid, p_external_ids text[]) RETURNS TABLE (link_id uuid, profile_id uuid)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
#variable_conflict use_column
BEGIN
  PERFORM vault.undo_asked(p_import);
  RETURN QUERY
  DELETE FROM core.external_ids x USING intake.imports i
  WHERE i.import_id = p_import AND x.source = i.source AND x.external_id = ANY (p_external_ids)
    AND EXISTS (SELECT FROM intake.imports u
                WHERE (u.import_id = p_import OR u.undone_at IS NOT NULL) AND x.linked_by = 'import ' || u.import_id)
  RETURNING x.link_id, x.profile_id;
END $$;
COMMENT ON FUNCTION vault.undo_links IS 'Ids of people whose listing is taken back, where this import or one that was undone before linked them.';

-- A profile that an import created came in its transaction: its address has the same time. Whoever an earlier undo had
-- to leave is looked at again.
CREATE OR REPLACE FUNCTION vault.undo_people(p_import uuid) RETURNS SETOF uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
  people uuid[];
  named uuid[];
  person uuid;
  place record;
BEGIN
  PERFORM vault.undo_asked(p_import);
  DELETE FROM intake.identity_suggestions s WHERE s.import_id = p_import AND s.state = 'open';
  SELECT array_agg(DISTINCT p.profile_id) INTO people
  FROM intake.imports i
  JOIN vault.emails e ON e.import_id = i.import_id
  JOIN core.profiles p ON p.profile_id = e.profile_id AND p.created_at = e.added_at
  WHERE i.import_id = p_import OR i.undone_at IS NOT NULL;
  -- Whom facts name. Lists of people (who came to an event) are no foreign keys.
  FOR place IN
    SELECT t.relname AS table_name, a.attname AS column_name, a.atttypid = 'uuid[]'::regtype AS is_list
    FROM pg_catalog.pg_class t
    JOIN pg_catalog.pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE t.relnamespace = 'core'::regnamespace AND t.relkind = 'r'
      AND EXISTS (SELECT FROM pg_catalog.pg_attribute h WHERE h.attrelid = t.oid AND h.attname = 'content_hash')
      AND (a.atttypid = 'uuid[]'::regtype
        OR EXISTS (SELECT FROM pg_catalog.pg_constraint r
                   WHERE r.contype = 'f' AND r.conrelid = t.oid AND r.confrelid = 'core.profiles'::regclass AND r.conkey[1] = a.attnum))
  LOOP
    EXECUTE format(
      CASE WHEN place.is_list THEN 'SELECT array_agg(DISTINCT x) FROM core.%1$I t CROSS JOIN LATERAL unnest(t.%2$I) x WHERE x = ANY ($1)'
           ELSE 'SELECT array_agg(DISTINCT t.%2$I) FROM core.%1$I t WHERE t.%2$I = ANY ($1)' END,
      place.table_name, place.column_name) INTO named USING people;
    people := ARRAY(SELECT unnest(people) EXCEPT SELECT unnest(named));
  END LOOP;
  -- Whom earlier revisions of facts that are there name: another undo may bring them back. It brings back what a fact
  -- began with, or what an import set that still counts.
  IF cardinality(people) > 0 THEN
    FOR place IN
      SELECT replaced.entity, array_agg(replaced.person) AS persons, array_agg(replaced.fact_id) AS facts
      FROM (SELECT DISTINCT r.entity, r.fact_id, who.id::uuid AS person
            FROM intake.revisions r
            CROSS JOIN LATERAL jsonb_each_text(r.content) AS field
            CROSS JOIN LATERAL unnest(string_to_array(field.value, ',')) AS who (id)
            WHERE who.id = ANY (people::text[])
              AND (r.revision = 1 OR vault.is_undone(r.import_id, p_import) IS NOT TRUE)) AS replaced
      GROUP BY replaced.entity
    LOOP
      EXECUTE format(
        'SELECT array_agg(DISTINCT h.person) FROM unnest($1, $2) AS h (person, fact) JOIN core.%I t ON t.%I = h.fact',
        regexp_replace(place.entity, '/', '_'),
        (SELECT a.attname FROM pg_catalog.pg_constraint k
         JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]
         WHERE k.contype = 'p' AND k.conrelid = format('core.%I', regexp_replace(place.entity, '/', '_'))::regclass)
      ) INTO named USING place.persons, place.facts;
      people := ARRAY(SELECT unnest(people) EXCEPT SELECT unnest(named));
    END LOOP;
  END IF;
  -- The projector may be writing their timelines: it is waited for, in the order in which it locks, and finds them gone.
  PERFORM FROM core.profiles p WHERE p.profile_id = ANY (people) ORDER BY p.profile_id FOR UPDATE;
  FOREACH person IN ARRAY COALESCE(people, '{}') LOOP
    BEGIN
      -- No fact is there that ever said something about them.
      UPDATE vault.texts t SET author_id = NULL
       WHERE t.author_id = person AND t.subject_id <> person AND vault.is_undone(t.import_id, p_import);
      UPDATE vault.texts t SET supersedes = NULL FROM vault.texts gone
       WHERE gone.subject_id = person AND t.supersedes = gone.text_id AND t.subject_id <> person;
      DELETE FROM vault.texts t WHERE t.subject_id = person AND vault.is_undone(t.import_id, p_import);
      DELETE FROM vault.emails e WHERE e.profile_id = person AND vault.is_undone(e.import_id, p_import);
      DELETE FROM vault.attribute_revisions r WHERE r.profile_id = person;
      DELETE FROM vault.subject_keys k WHERE k.profile_id = person AND k.destroyed_at IS NULL;
      DELETE FROM core.timeline t WHERE t.profile_id = person;
      DELETE FROM core.enrolments t WHERE t.profile_id = person;
      DELETE FROM core.milestones t WHERE t.profile_id = person;
      DELETE FROM core.flags t WHERE t.profile_id = person;
      DELETE FROM core.profiles p WHERE p.profile_id = person;
      INSERT INTO core.removed_profiles (profile_id) VALUES (person);
      RETURN NEXT person;
    EXCEPTION WHEN foreign_key_violation THEN
      NULL; -- Something else refers to the person, who stays with all of this.
    END;
  END LOOP;
END $$;
COMMENT ON FUNCTION vault.undo_people IS 'Removes the people that this import, or one that was undone before, created and that no fact names any more, nor an earlier revision that another undo may bring back, with what the projector made of them; gives their ids.';

CREATE FUNCTION vault.undo_addresses(p_import uuid) RETURNS SETOF uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
  PERFORM vault.undo_asked(p_import);
  RETURN QUERY
  WITH gone AS (
    DELETE FROM vault.emails e USING core.profiles p
    WHERE e.import_id = p_import AND p.profile_id = e.profile_id AND p.created_at <> e.added_at
    RETURNING e.profile_id)
  SELECT DISTINCT gone.profile_id FROM gone;
END $$;
COMMENT ON FUNCTION vault.undo_addresses IS 'Takes away the addresses that an import added to people who were there before it; gives those people.';

REVOKE ALL ON FUNCTION vault.is_undone, vault.undo_attributes, vault.undo_addresses FROM PUBLIC;
GRANT EXECUTE ON FUNCTION vault.undo_attributes, vault.undo_addresses TO teei_kintell_import, teei_buddy_import, teei_upskilling_import;
