-- What a large import's transaction writes most of, made smaller (docs/decisions.md).

-- A packed row held each event's whole JSON. Most of it is the same in all events of a type: now a row holds what its
-- events share once, as templates for format(), and of each event its own values.
ALTER TABLE bus.packed_events
  ADD COLUMN forms text[],
  ADD COLUMN kinds smallint[],
  ADD CHECK ((forms IS NULL) = (kinds IS NULL)),
  ADD CHECK (kinds IS NULL OR cardinality(kinds) = cardinality(details));
ALTER TABLE bus.packed_events ALTER COLUMN forms SET STORAGE EXTERNAL, ALTER COLUMN kinds SET STORAGE EXTERNAL;
COMMENT ON TABLE bus.packed_events IS 'Events of large batches that the relay has not turned to, in order from first_seq. bus.unpack moves them to bus.events.';
COMMENT ON COLUMN bus.packed_events.forms IS 'What events share: templates for format(). None: details holds each event''s whole JSON.';
COMMENT ON COLUMN bus.packed_events.kinds IS 'Which of the forms each event has, from 1.';
COMMENT ON COLUMN bus.packed_events.details IS 'Each event''s own values, with the unit separator (U+001F) between, which JSON does not have unescaped.';

CREATE OR REPLACE FUNCTION bus.unpack(p_batch uuid, p_through integer) RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = '' AS $$
  WITH moved AS (
    DELETE FROM bus.packed_events WHERE batch_id = p_batch AND first_seq <= p_through RETURNING batch_id, first_seq, forms, kinds, details
  )
  INSERT INTO bus.events (batch_id, seq, event_id, type, source, subject, occurred_at, recorded_at, correlation_id, detail)
  SELECT m.batch_id, m.first_seq + e.n::integer - 1, (x.j ->> 'id')::uuid, x.j ->> 'type', replace(x.j ->> 'source', '/', '.'),
         (x.j ->> 'subject')::uuid, (x.j ->> 'time')::timestamptz, (x.j ->> 'recordedtime')::timestamptz, x.j ->> 'correlationid', d.detail
  FROM moved m
  CROSS JOIN LATERAL unnest(m.details, m.kinds) WITH ORDINALITY AS e (packed, kind, n)
  CROSS JOIN LATERAL (
    SELECT CASE WHEN m.forms IS NULL THEN e.packed ELSE format(m.forms[e.kind], VARIADIC string_to_array(e.packed, chr(31))) END AS detail
  ) d
  CROSS JOIN LATERAL (SELECT d.detail::json AS j) x
$$;

-- References are looked up as before, of those columns only that name something in the rows written, and in the order
-- of the ids: neighbours stand on the same page of the index.
CREATE OR REPLACE FUNCTION core.references_exist() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = '' SET random_page_cost = 1.1 SET enable_seqscan = on AS $$
DECLARE
  naming text[];
  named  text;
  missing uuid;
BEGIN
  IF TG_ARGV[0] = 'lock' THEN
    PERFORM pg_advisory_xact_lock_shared(hashtext('teei references'));
  END IF;
  -- Then in threes: parent table, its key, this table's columns that name it.
  EXECUTE (
    SELECT format('SELECT ARRAY[%s] FROM written w', string_agg(format('CASE WHEN count(w.%I) > 0 THEN %L END', name, name), ', '))
    FROM generate_series(1, TG_NARGS - 1, 3) AS i, unnest(string_to_array(TG_ARGV[i + 2], ' ')) AS name
  ) INTO naming;
  FOR i IN 1 .. TG_NARGS - 1 BY 3 LOOP
    named := (
      SELECT string_agg(format('SELECT w.%1$I AS id FROM written w WHERE w.%1$I IS NOT NULL', name), ' UNION ')
      FROM unnest(string_to_array(TG_ARGV[i + 2], ' ')) AS name WHERE name = ANY (naming)
    );
    CONTINUE WHEN named IS NULL;
    EXECUTE format(
      'SELECT named.id FROM (SELECT n.id FROM (%s) n ORDER BY n.id) named WHERE NOT EXISTS (SELECT FROM %s p WHERE p.%I = named.id) LIMIT 1',
      named, TG_ARGV[i], TG_ARGV[i + 1]) INTO missing;
    IF missing IS NOT NULL THEN
      RAISE foreign_key_violation USING MESSAGE = format('a row of %s names a row that is not in %s', TG_TABLE_NAME, TG_ARGV[i]);
    END IF;
  END LOOP;
  RETURN NULL;
END $$;
