-- A large import tells a million events. As rows of the log with its three indexes they took more of its transaction
-- than the facts did (docs/decisions.md). So a batch of a thousand events or more is written packed, a thousand a row,
-- and becomes rows of bus.events when the relay turns to it: each event stands in one of the two, never in both.

CREATE TABLE bus.packed_events (
  batch_id  uuid NOT NULL REFERENCES bus.batches,
  first_seq integer NOT NULL CHECK (first_seq >= 1),
  details   text[] NOT NULL CHECK (cardinality(details) >= 1),
  PRIMARY KEY (batch_id, first_seq)
);
COMMENT ON TABLE bus.packed_events IS 'Events of large batches that the relay has not turned to: the detail of each, in order from first_seq. bus.unpack moves them to bus.events.';
-- Compressing costs the writing transaction more than the space is worth for the minutes a row stays.
ALTER TABLE bus.packed_events ALTER COLUMN details SET STORAGE EXTERNAL;

-- What the columns of the log say stands in the event itself, so nothing else is kept while it is packed.
CREATE FUNCTION bus.unpack(p_batch uuid, p_through integer) RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = '' AS $$
  WITH moved AS (
    DELETE FROM bus.packed_events WHERE batch_id = p_batch AND first_seq <= p_through RETURNING batch_id, first_seq, details
  )
  INSERT INTO bus.events (batch_id, seq, event_id, type, source, subject, occurred_at, recorded_at, correlation_id, detail)
  SELECT m.batch_id, m.first_seq + e.n::integer - 1, (x.j ->> 'id')::uuid, x.j ->> 'type', replace(x.j ->> 'source', '/', '.'),
         (x.j ->> 'subject')::uuid, (x.j ->> 'time')::timestamptz, (x.j ->> 'recordedtime')::timestamptz, x.j ->> 'correlationid', e.detail
  FROM moved m
  CROSS JOIN LATERAL unnest(m.details) WITH ORDINALITY AS e (detail, n)
  CROSS JOIN LATERAL (SELECT e.detail::json AS j) x
$$;
COMMENT ON FUNCTION bus.unpack IS 'Moves a batch''s packed events into the log, up to the row that holds the event with this sequence number.';
REVOKE ALL ON FUNCTION bus.unpack FROM PUBLIC;
GRANT EXECUTE ON FUNCTION bus.unpack TO teei_bus_relay;

DO $$
DECLARE
  writer name;
BEGIN
  -- Whoever may write events may write them packed.
  FOR writer IN
    SELECT DISTINCT a.grantee::regrole FROM pg_class c, aclexplode(c.relacl) a
    WHERE c.oid = 'bus.events'::regclass AND a.privilege_type = 'INSERT' AND a.grantee <> c.relowner AND a.grantee <> 0
  LOOP
    EXECUTE format('GRANT INSERT ON bus.packed_events TO %s', writer);
  END LOOP;
END $$;

-- References are looked up as before, in a way that stays cheap in a transaction that fills its tables: statistics lag
-- behind, and an index page costs about what any page costs.
CREATE OR REPLACE FUNCTION core.references_exist() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = '' SET random_page_cost = 1.1 SET enable_seqscan = on AS $$
DECLARE
  missing uuid;
BEGIN
  IF TG_ARGV[0] = 'lock' THEN
    PERFORM pg_advisory_xact_lock_shared(hashtext('teei references'));
  END IF;
  -- Then in threes: parent table, its key, this table's columns that name it.
  FOR i IN 1 .. TG_NARGS - 1 BY 3 LOOP
    EXECUTE format(
      'SELECT named.id FROM (%s) named WHERE NOT EXISTS (SELECT FROM %s p WHERE p.%I = named.id) LIMIT 1',
      (SELECT string_agg(format('SELECT w.%1$I AS id FROM written w WHERE w.%1$I IS NOT NULL', name), ' UNION ')
       FROM unnest(string_to_array(TG_ARGV[i + 2], ' ')) AS name),
      TG_ARGV[i], TG_ARGV[i + 1]) INTO missing;
    IF missing IS NOT NULL THEN
      RAISE foreign_key_violation USING MESSAGE = format('a row of %s names a row that is not in %s', TG_TABLE_NAME, TG_ARGV[i]);
    END IF;
  END LOOP;
  RETURN NULL;
END $$;
