-- Published = received, replay and redrive: who should have taken in what, what failed for good, what was put off, and
-- events sent once more from the log.

ALTER TABLE bus.batches ADD COLUMN advanced_at timestamptz;
COMMENT ON COLUMN bus.batches.advanced_at IS 'When the relay last went on with it: what it has published by then is on the bus at least that long.';
GRANT UPDATE (advanced_at) ON bus.batches TO teei_bus_relay;

ALTER TABLE bus.dead
  ADD COLUMN requeued_at  timestamptz,
  ADD COLUMN published_at timestamptz,
  ADD CHECK (requeued_at IS NULL OR published_at IS NULL);
COMMENT ON COLUMN bus.dead.requeued_at IS 'Somebody asked to publish it again, and the relay has not yet.';
COMMENT ON COLUMN bus.dead.published_at IS 'It was published again: dead no longer.';
CREATE INDEX dead_requeued ON bus.dead (requeued_at) WHERE requeued_at IS NOT NULL;
GRANT UPDATE (requeued_at, published_at, reason, attempts, died_at) ON bus.dead TO teei_bus_relay;
GRANT UPDATE (requeued_at) ON bus.dead TO teei_gateway_api;

-- Which events tell of a fact, which of a person's journey.
CREATE INDEX events_subject ON bus.events (subject);

CREATE VIEW bus.published AS
SELECT e.event_id, e.type, e.source, e.subject, e.correlation_id, e.recorded_at, e.batch_id, e.seq,
       GREATEST(COALESCE(b.published_at, b.advanced_at, b.created_at), d.published_at) AS published_at
FROM bus.events e
JOIN bus.batches b ON b.batch_id = e.batch_id AND e.seq < b.next
LEFT JOIN bus.dead d ON d.event_id = e.event_id
WHERE d.event_id IS NULL OR d.published_at IS NOT NULL;
COMMENT ON VIEW bus.published IS 'The events the relay has put on the bus, without what they say; published_at is the latest it can have been.';

CREATE TABLE bus.subscriptions (
  consumer text NOT NULL,
  type     text NOT NULL,
  sources  text[] NOT NULL CHECK (cardinality(sources) >= 1),
  since    timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (consumer, type)
);
COMMENT ON TABLE bus.subscriptions IS 'What each consumer declares in the code to take in, noted by the deploy with the time since when. Events recorded before that are missed by nobody.';

CREATE TABLE bus.dead_letters (
  consumer text NOT NULL,
  letter   text NOT NULL CHECK (length(letter) BETWEEN 1 AND 100),
  event_id uuid,
  code     text NOT NULL CHECK (length(code) BETWEEN 1 AND 100),
  tries    integer NOT NULL DEFAULT 1 CHECK (tries >= 1),
  first_at timestamptz NOT NULL DEFAULT now(),
  last_at  timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (consumer, letter)
);
COMMENT ON TABLE bus.dead_letters IS 'Why a consumer could not take a message in: the queue moves it to the dead letters without a reason. Gone when the event was taken in after all.';
COMMENT ON COLUMN bus.dead_letters.letter IS 'The event''s id; the message''s id where no event could be read from it.';
CREATE INDEX dead_letters_event ON bus.dead_letters (consumer, event_id);

CREATE TABLE bus.unsettled (
  consumer text NOT NULL,
  subject  uuid NOT NULL,
  since    timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (consumer, subject)
);
COMMENT ON TABLE bus.unsettled IS 'What a consumer puts off until the end of a replay: for profile-projector, people whose journey is then derived again and, where it differs from what was told, told.';

CREATE TABLE bus.replays (
  replay_id         uuid PRIMARY KEY,
  consumer          text NOT NULL,
  whole             boolean NOT NULL,
  types             text[] CHECK (cardinality(types) >= 1),
  subject           uuid,
  import_id         uuid,
  from_at           timestamptz,
  until_at          timestamptz,
  state             text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'sending', 'sent', 'settling', 'done', 'failed')),
  reason            text CHECK (length(reason) <= 100),
  total             bigint CHECK (total >= 0),
  sent              bigint NOT NULL DEFAULT 0 CHECK (sent >= 0),
  taken_in          bigint NOT NULL DEFAULT 0 CHECK (taken_in >= 0),
  failed            bigint NOT NULL DEFAULT 0 CHECK (failed >= 0),
  last_event        uuid,
  sent_through      uuid,
  confirmed_through uuid,
  requested_by      text NOT NULL CHECK (length(requested_by) BETWEEN 1 AND 255),
  created_at        timestamptz NOT NULL DEFAULT now(),
  began_at          timestamptz,
  progressed_at     timestamptz,
  settle_sent_at    timestamptz,
  next_look_at      timestamptz,
  finished_at       timestamptz,
  CHECK (whole = (types IS NULL AND subject IS NULL AND import_id IS NULL AND from_at IS NULL AND until_at IS NULL)),
  CHECK ((state = 'queued') = (began_at IS NULL)),
  CHECK ((state IN ('done', 'failed')) = (finished_at IS NOT NULL)),
  CHECK ((state = 'failed') = (reason IS NOT NULL))
);
COMMENT ON TABLE bus.replays IS 'Events sent once more from the log to one consumer''s queue: which, how far, and how far the consumer has come.';
COMMENT ON COLUMN bus.replays.whole IS 'All the consumer reads: what it made of events is taken away first, and made again.';
COMMENT ON COLUMN bus.replays.sent_through IS 'The event it was sent through to, in the order of ids: where a run that was killed goes on.';
COMMENT ON COLUMN bus.replays.confirmed_through IS 'Up to here every event was taken in, or has a row in bus.dead_letters.';
COMMENT ON COLUMN bus.replays.next_look_at IS 'When the relay has arranged to look at it again.';
CREATE UNIQUE INDEX replays_open ON bus.replays (consumer) WHERE state NOT IN ('done', 'failed');
CREATE INDEX replays_created ON bus.replays (created_at DESC, replay_id DESC);

-- What profile-projector made of facts goes, so that the log can make it again; what the log cannot bring back stays
-- (the seed of local stages). Journeys stay readable until each person's is exchanged.
CREATE FUNCTION core.rebuild_profile_projector() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
  facts regclass;
BEGIN
  -- Each transaction of the projector reads the timeline before it asks whether a rebuild is open: after this lock
  -- there is none that has asked and not finished.
  LOCK TABLE core.timeline IN ACCESS EXCLUSIVE MODE;
  INSERT INTO bus.unsettled (consumer, subject)
  SELECT 'profile-projector', p.profile_id
  FROM (SELECT profile_id FROM core.timeline UNION SELECT profile_id FROM core.enrolments
        UNION SELECT profile_id FROM core.milestones UNION SELECT profile_id FROM core.flags
        -- Also whose journey was lost: what was told of it stands in the log.
        UNION SELECT subject FROM bus.events WHERE type IN ('profile.milestone.reached.v1', 'profile.flag.changed.v1')) p
  ON CONFLICT DO NOTHING;
  FOREACH facts IN ARRAY ARRAY[to_regclass('core.timeline'), to_regclass('core.match_facts'), to_regclass('core.retracted_facts'),
                               to_regclass('core.session_ratings')] LOOP
    CONTINUE WHEN facts IS NULL;
    EXECUTE format('DELETE FROM %s f USING bus.events e WHERE e.event_id = f.event_id', facts);
  END LOOP;
END $$;
COMMENT ON FUNCTION core.rebuild_profile_projector IS 'The first step of a replay of everything to profile-projector.';
REVOKE ALL ON FUNCTION core.rebuild_profile_projector FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.rebuild_profile_projector TO teei_bus_relay;

GRANT SELECT ON bus.published, bus.subscriptions, bus.dead_letters, bus.inbox, bus.replays TO teei_bus_relay, teei_gateway_api;
GRANT SELECT ON bus.unsettled TO teei_bus_relay;
GRANT DELETE ON bus.inbox, bus.dead_letters TO teei_bus_relay;
GRANT UPDATE (state, reason, total, sent, taken_in, failed, last_event, sent_through, confirmed_through, began_at, progressed_at, settle_sent_at, next_look_at, finished_at)
  ON bus.replays TO teei_bus_relay;
GRANT INSERT (replay_id, consumer, whole, types, subject, import_id, from_at, until_at, requested_by) ON bus.replays TO teei_gateway_api;
-- Of a letter nobody could read, its message's id is all that is known, and the queue gives another one when it is moved back.
GRANT DELETE ON bus.dead_letters TO teei_gateway_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON bus.dead_letters TO teei_profile_projector;
GRANT SELECT, INSERT, DELETE ON bus.unsettled TO teei_profile_projector;
GRANT SELECT, UPDATE (state, finished_at) ON bus.replays TO teei_profile_projector;
-- What was told about a person: revisions go on from there, also when the journey was derived anew.
GRANT SELECT ON bus.events TO teei_profile_projector;
