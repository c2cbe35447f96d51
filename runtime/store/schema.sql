-- Tables of format 1. The column "info" holds the JSON of the Go type; the columns beside it are for finding and sorting.

CREATE TABLE runs (
  id       TEXT PRIMARY KEY,
  seq      INTEGER NOT NULL, -- of the last event
  hash     BLOB NOT NULL,    -- of the last event
  pipeline TEXT NOT NULL,
  state    TEXT NOT NULL,
  started  INTEGER NOT NULL, -- microseconds since 1970
  info     BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX runs_started ON runs (started);

CREATE TABLE events (
  run   TEXT NOT NULL,
  seq   INTEGER NOT NULL,
  bytes BLOB NOT NULL,
  hash  BLOB NOT NULL, -- sha256(hash of seq - 1 || bytes)
  PRIMARY KEY (run, seq)
) STRICT, WITHOUT ROWID;

-- A fence outlives its owner, who is NULL when the lease was given back.
CREATE TABLE leases (
  run   TEXT PRIMARY KEY,
  fence INTEGER NOT NULL,
  owner BLOB
) STRICT, WITHOUT ROWID;

CREATE TABLE documents (
  kind  TEXT NOT NULL,
  id    TEXT NOT NULL,
  bytes BLOB NOT NULL,
  PRIMARY KEY (kind, id)
) STRICT;

CREATE TABLE outlines (
  id   TEXT PRIMARY KEY,
  info BLOB NOT NULL
) STRICT;

CREATE TABLE releases (
  id       TEXT PRIMARY KEY,
  pipeline TEXT NOT NULL,
  created  INTEGER NOT NULL, -- microseconds since 1970
  info     BLOB NOT NULL
) STRICT;
CREATE INDEX releases_pipeline ON releases (pipeline, created);

CREATE TABLE deployments (
  n    INTEGER PRIMARY KEY AUTOINCREMENT,
  env  TEXT NOT NULL,
  info BLOB NOT NULL
) STRICT;
CREATE INDEX deployments_env ON deployments (env, n);

CREATE TABLE inbox (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  run          TEXT NOT NULL,
  acknowledged INTEGER NOT NULL DEFAULT 0,
  info         BLOB NOT NULL
) STRICT;
CREATE INDEX inbox_pending ON inbox (run, id) WHERE acknowledged = 0;

CREATE TABLE ticks (
  run     TEXT NOT NULL,
  monitor TEXT NOT NULL,
  n       INTEGER NOT NULL,
  bytes   BLOB NOT NULL,
  PRIMARY KEY (run, monitor, n)
) STRICT, WITHOUT ROWID;
