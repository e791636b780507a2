-- Who did what to whom, appended by the functions in the transaction of the deed.

CREATE TABLE audit.log (
  entry_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at         timestamptz NOT NULL DEFAULT now(),
  request_id text NOT NULL,
  actor      text NOT NULL,
  role       text NOT NULL,
  action     text NOT NULL,
  target     uuid,
  details    jsonb NOT NULL DEFAULT '{}'
);
COMMENT ON TABLE audit.log IS 'Append-only: the functions may insert and nothing else. details names fields, not values.';
CREATE INDEX log_target ON audit.log (target, at);
CREATE INDEX log_at ON audit.log (at);

GRANT INSERT ON audit.log TO teei_profile_api;
