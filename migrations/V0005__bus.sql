-- Contract events. The log is insert-only and is the outbox: an event is written in the transaction of its fact.
-- The relay advances bus.batches, one row a writing transaction, so that publishing ten thousand events updates one row.

CREATE TABLE bus.batches (
  batch_id    uuid PRIMARY KEY,
  count       integer NOT NULL CHECK (count >= 1),
  next        integer NOT NULL DEFAULT 1 CHECK (next BETWEEN 1 AND count + 1),
  state       text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'published')),
  created_at  timestamptz NOT NULL DEFAULT now(),
  published_at timestamptz,
  CHECK ((state = 'published') = (next = count + 1)),
  CHECK ((state = 'published') = (published_at IS NOT NULL))
);
COMMENT ON TABLE bus.batches IS 'The events of one transaction: how many, and the sequence number of the next to publish.';
CREATE INDEX batches_pending ON bus.batches (created_at, batch_id) WHERE state = 'pending';

CREATE TABLE bus.events (
  batch_id       uuid NOT NULL REFERENCES bus.batches,
  seq            integer NOT NULL CHECK (seq >= 1),
  event_id       uuid NOT NULL UNIQUE,
  type           text NOT NULL,
  source         text NOT NULL,
  subject        uuid NOT NULL,
  occurred_at    timestamptz NOT NULL,
  recorded_at    timestamptz NOT NULL,
  correlation_id text NOT NULL,
  detail         text NOT NULL CHECK (octet_length(detail) < 200 * 1024),
  PRIMARY KEY (batch_id, seq)
);
COMMENT ON TABLE bus.events IS 'Every contract event, as published: a CloudEvents 1.0 object in detail. Insert-only; the source of replay.';
CREATE INDEX events_correlation ON bus.events (correlation_id);

CREATE TABLE bus.dead (
  event_id uuid PRIMARY KEY REFERENCES bus.events (event_id),
  batch_id uuid NOT NULL,
  seq      integer NOT NULL,
  reason   text NOT NULL CHECK (length(reason) <= 200),
  attempts integer NOT NULL CHECK (attempts >= 1),
  died_at  timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE bus.dead IS 'Events the bus refused for good, with the bus''s error code. They stay in the log and can be published again by hand.';

CREATE TABLE bus.inbox (
  consumer    text NOT NULL,
  event_id    uuid NOT NULL,
  received_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (consumer, event_id)
);
COMMENT ON TABLE bus.inbox IS 'Events a consumer has taken in, written in the transaction of their effect: a second delivery finds the row and does nothing.';

GRANT INSERT ON bus.batches, bus.events TO teei_kintell_import, teei_profile_api, teei_profile_projector;
GRANT SELECT, INSERT ON bus.inbox TO teei_profile_projector;
GRANT SELECT ON bus.batches, bus.events, bus.dead TO teei_bus_relay;
GRANT UPDATE (next, state, published_at) ON bus.batches TO teei_bus_relay;
GRANT INSERT ON bus.dead TO teei_bus_relay;
GRANT SELECT ON bus.batches, bus.dead TO teei_gateway_api;
