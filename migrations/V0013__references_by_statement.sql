-- The three tables that a large file writes most rows of check their references once a statement instead of once a
-- row: row-wise foreign keys cost a million-row import a third of its time in the database (docs/decisions.md). A
-- reference stays declared (NOT ENFORCED, Postgres 18) and is enforced by the triggers below, for every role and every
-- way of writing: what a row names must exist, and what rows name cannot be deleted.
--
-- A foreign key locks every row it finds. Here one advisory lock keeps writers and deleters apart: writers share it,
-- who deletes something that may be named holds it alone, and looks only then. Batches of events cannot be deleted by
-- any function, so events take no lock.

CREATE FUNCTION core.references_exist() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
  missing uuid;
BEGIN
  IF TG_ARGV[0] = 'lock' THEN
    PERFORM pg_advisory_xact_lock_shared(hashtext('teei references'));
  END IF;
  -- Then in threes: parent table, its key, this table's columns that name it.
  FOR i IN 1 .. TG_NARGS - 1 BY 3 LOOP
    EXECUTE format(
      'SELECT named.id FROM (SELECT DISTINCT x.id FROM written w CROSS JOIN LATERAL (VALUES %s) AS x (id) WHERE x.id IS NOT NULL) named
       WHERE NOT EXISTS (SELECT FROM %s p WHERE p.%I = named.id) LIMIT 1',
      (SELECT string_agg(format('(w.%I)', name), ', ') FROM unnest(string_to_array(TG_ARGV[i + 2], ' ')) AS name),
      TG_ARGV[i], TG_ARGV[i + 1]) INTO missing;
    IF missing IS NOT NULL THEN
      RAISE foreign_key_violation USING MESSAGE = format('a row of %s names a row that is not in %s', TG_TABLE_NAME, TG_ARGV[i]);
    END IF;
  END LOOP;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION core.references_exist() IS 'What the written rows name must exist. Set-based, in place of row-wise foreign keys.';

CREATE FUNCTION core.references_kept() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
  named boolean;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('teei references'));
  -- Arguments in threes: child table, its column, this table's key.
  FOR i IN 0 .. TG_NARGS - 1 BY 3 LOOP
    EXECUTE format('SELECT EXISTS (SELECT FROM removed r JOIN %s c ON c.%I = r.%I)', TG_ARGV[i], TG_ARGV[i + 1], TG_ARGV[i + 2]) INTO named;
    IF named THEN
      RAISE foreign_key_violation USING MESSAGE = format('a row of %s is still named by a row of %s', TG_TABLE_NAME, TG_ARGV[i]);
    END IF;
  END LOOP;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION core.references_kept() IS 'What other rows name cannot be deleted. Set-based, in place of row-wise foreign keys.';

REVOKE ALL ON FUNCTION core.references_exist(), core.references_kept() FROM PUBLIC;

DO $$
DECLARE
  one record;
BEGIN
  CREATE TEMP TABLE these ON COMMIT DROP AS
    SELECT c.conname, c.conrelid::regclass::text AS child, a.attname AS name, c.confrelid::regclass::text AS parent, k.attname AS key,
           pg_get_constraintdef(c.oid) AS definition
    FROM pg_constraint c
    JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
    JOIN pg_attribute k ON k.attrelid = c.confrelid AND k.attnum = c.confkey[1]
    WHERE c.contype = 'f' AND c.conrelid IN ('core.kintell_sessions'::regclass, 'vault.texts'::regclass, 'bus.events'::regclass);
  FOR one IN
    SELECT child, string_agg(format('%L, %L, %L', parent, key, names), ', ' ORDER BY parent) AS arguments
    FROM (SELECT child, parent, key, string_agg(name, ' ' ORDER BY name) AS names FROM these GROUP BY child, parent, key) AS by_parent
    GROUP BY child
  LOOP
    FOR i IN 1 .. 2 LOOP
      EXECUTE format('CREATE TRIGGER %I AFTER %s ON %s REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION core.references_exist(%L, %s)',
        (ARRAY['references_exist_inserted', 'references_exist_updated'])[i], (ARRAY['INSERT', 'UPDATE'])[i],
        one.child, CASE one.child WHEN 'bus.events' THEN 'no lock' ELSE 'lock' END, one.arguments);
    END LOOP;
  END LOOP;
  FOR one IN
    SELECT parent, string_agg(format('%L, %L, %L', child, name, key), ', ' ORDER BY child, name) AS arguments FROM these GROUP BY parent
  LOOP
    EXECUTE format('CREATE TRIGGER references_kept AFTER DELETE ON %s REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION core.references_kept(%s)',
      one.parent, one.arguments);
  END LOOP;
  FOR one IN SELECT conname, child, definition FROM these LOOP
    EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', one.child, one.conname);
    EXECUTE format('ALTER TABLE %s ADD CONSTRAINT %I %s NOT ENFORCED', one.child, one.conname, one.definition);
  END LOOP;
  DROP TABLE these;
END $$;
