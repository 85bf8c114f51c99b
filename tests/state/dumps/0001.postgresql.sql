CREATE TABLE fairlead_revision (
    version_num VARCHAR(32) NOT NULL,
    CONSTRAINT fairlead_revision_pkc PRIMARY KEY (version_num)
);
CREATE TABLE budget_accounts (
    rule TEXT NOT NULL,
    whose TEXT NOT NULL,
    start BIGINT NOT NULL,
    ends BIGINT,
    taken BIGINT DEFAULT '0' NOT NULL,
    spent BIGINT DEFAULT '0' NOT NULL,
    alerted BIGINT DEFAULT '0' NOT NULL,
    CONSTRAINT pk_budget_accounts PRIMARY KEY (rule, whose, start)
);
CREATE TABLE budget_leases (
    process TEXT NOT NULL,
    rule TEXT NOT NULL,
    whose TEXT NOT NULL,
    start BIGINT NOT NULL,
    granted BIGINT NOT NULL,
    used BIGINT DEFAULT '0' NOT NULL,
    expires BIGINT NOT NULL,
    CONSTRAINT pk_budget_leases PRIMARY KEY (process, rule, whose, start)
);
CREATE INDEX ix_budget_leases_expires ON budget_leases (expires);
CREATE TABLE organisations (
    id VARCHAR(48) NOT NULL,
    name VARCHAR(200) NOT NULL,
    tags TEXT NOT NULL,
    rights TEXT NOT NULL,
    budgets TEXT NOT NULL,
    limits TEXT NOT NULL,
    created BIGINT NOT NULL,
    blocked BOOLEAN NOT NULL,
    deleted BIGINT,
    CONSTRAINT pk_organisations PRIMARY KEY (id)
);
CREATE TABLE teams (
    id VARCHAR(48) NOT NULL,
    name VARCHAR(200) NOT NULL,
    organisation VARCHAR(48) NOT NULL,
    tags TEXT NOT NULL,
    rights TEXT NOT NULL,
    budgets TEXT NOT NULL,
    limits TEXT NOT NULL,
    created BIGINT NOT NULL,
    blocked BOOLEAN NOT NULL,
    deleted BIGINT,
    CONSTRAINT pk_teams PRIMARY KEY (id),
    CONSTRAINT fk_teams_organisation FOREIGN KEY(organisation) REFERENCES organisations (id)
);
CREATE TABLE users (
    id VARCHAR(48) NOT NULL,
    name VARCHAR(200) NOT NULL,
    organisation VARCHAR(48) NOT NULL,
    team VARCHAR(48) NOT NULL,
    tags TEXT NOT NULL,
    rights TEXT NOT NULL,
    budgets TEXT NOT NULL,
    limits TEXT NOT NULL,
    created BIGINT NOT NULL,
    blocked BOOLEAN NOT NULL,
    deleted BIGINT,
    CONSTRAINT pk_users PRIMARY KEY (id),
    CONSTRAINT fk_users_organisation FOREIGN KEY(organisation) REFERENCES organisations (id),
    CONSTRAINT fk_users_team FOREIGN KEY(team) REFERENCES teams (id)
);
CREATE INDEX ix_users_team ON users (team);
CREATE TABLE keys (
    id VARCHAR(48) NOT NULL,
    name VARCHAR(200) NOT NULL,
    kind VARCHAR(16) NOT NULL,
    role VARCHAR(16) NOT NULL,
    shown VARCHAR(32) NOT NULL,
    digest VARCHAR(64) NOT NULL,
    previous_digest VARCHAR(64),
    previous_until BIGINT,
    organisation VARCHAR(48),
    team VARCHAR(48),
    "user" VARCHAR(48),
    tags TEXT NOT NULL,
    rights TEXT NOT NULL,
    budgets TEXT NOT NULL,
    limits TEXT NOT NULL,
    created BIGINT NOT NULL,
    blocked BOOLEAN NOT NULL,
    deleted BIGINT,
    expires BIGINT,
    rotated BIGINT,
    CONSTRAINT pk_keys PRIMARY KEY (id),
    CONSTRAINT uq_keys_digest UNIQUE (digest),
    CONSTRAINT fk_keys_organisation FOREIGN KEY(organisation) REFERENCES organisations (id),
    CONSTRAINT fk_keys_team FOREIGN KEY(team) REFERENCES teams (id),
    CONSTRAINT fk_keys_user FOREIGN KEY("user") REFERENCES users (id)
);
CREATE INDEX ix_keys_previous_digest ON keys (previous_digest);
CREATE INDEX ix_keys_team ON keys (team);
CREATE INDEX ix_keys_user ON keys ("user");
CREATE TABLE audit (
    seq BIGINT NOT NULL,
    at BIGINT NOT NULL,
    actor VARCHAR(200) NOT NULL,
    actor_key VARCHAR(48) NOT NULL,
    action VARCHAR(32) NOT NULL,
    object_kind VARCHAR(32) NOT NULL,
    object_id VARCHAR(48) NOT NULL,
    before TEXT,
    after TEXT,
    previous_hash VARCHAR(64) NOT NULL,
    hash VARCHAR(64) NOT NULL,
    CONSTRAINT pk_audit PRIMARY KEY (seq)
);
CREATE INDEX ix_audit_object ON audit (object_kind, object_id);
CREATE TABLE changes (
    id INTEGER NOT NULL,
    counter BIGINT NOT NULL,
    records BIGINT NOT NULL,
    head VARCHAR(64) NOT NULL,
    seal VARCHAR(64) NOT NULL,
    pepper VARCHAR(64) NOT NULL,
    CONSTRAINT pk_changes PRIMARY KEY (id)
);
CREATE TABLE calls (
    id VARCHAR NOT NULL,
    line TEXT NOT NULL,
    CONSTRAINT pk_calls PRIMARY KEY (id)
);
CREATE TABLE call_places (
    name VARCHAR NOT NULL,
    value VARCHAR NOT NULL,
    last VARCHAR NOT NULL,
    first VARCHAR NOT NULL,
    CONSTRAINT pk_call_places PRIMARY KEY (name, value, last)
);
CREATE TABLE call_bodies (
    id VARCHAR NOT NULL,
    at BIGINT NOT NULL,
    request TEXT NOT NULL,
    reply TEXT NOT NULL,
    CONSTRAINT pk_call_bodies PRIMARY KEY (id)
);
CREATE INDEX ix_call_bodies_at ON call_bodies (at);
CREATE TABLE journal_segments (
    name VARCHAR NOT NULL,
    read BIGINT NOT NULL,
    at BIGINT NOT NULL,
    CONSTRAINT pk_journal_segments PRIMARY KEY (name)
);
CREATE TABLE call_sums (
    span SMALLINT NOT NULL,
    at BIGINT NOT NULL,
    key VARCHAR NOT NULL,
    team VARCHAR NOT NULL,
    "user" VARCHAR NOT NULL,
    model VARCHAR NOT NULL,
    provider VARCHAR NOT NULL,
    endpoint VARCHAR NOT NULL,
    outcome VARCHAR NOT NULL,
    calls BIGINT NOT NULL,
    rescued BIGINT NOT NULL,
    cache_hits BIGINT NOT NULL,
    saved BIGINT NOT NULL,
    cost BIGINT NOT NULL,
    unknown BIGINT NOT NULL,
    estimated BIGINT NOT NULL,
    input_tokens BIGINT NOT NULL,
    output_tokens BIGINT NOT NULL,
    cached_tokens BIGINT NOT NULL,
    reasoning_tokens BIGINT NOT NULL,
    cache_write_tokens BIGINT NOT NULL,
    cache_write_1h_tokens BIGINT NOT NULL,
    audio_input_tokens BIGINT NOT NULL,
    audio_output_tokens BIGINT NOT NULL,
    total_us BIGINT NOT NULL,
    overhead_us BIGINT NOT NULL,
    first_us BIGINT NOT NULL,
    firsts BIGINT NOT NULL,
    within_10 BIGINT NOT NULL,
    within_25 BIGINT NOT NULL,
    within_50 BIGINT NOT NULL,
    within_100 BIGINT NOT NULL,
    within_250 BIGINT NOT NULL,
    within_500 BIGINT NOT NULL,
    within_1000 BIGINT NOT NULL,
    within_1750 BIGINT NOT NULL,
    within_2500 BIGINT NOT NULL,
    within_5000 BIGINT NOT NULL,
    within_7500 BIGINT NOT NULL,
    within_10000 BIGINT NOT NULL,
    within_20000 BIGINT NOT NULL,
    within_30000 BIGINT NOT NULL,
    within_60000 BIGINT NOT NULL,
    within_120000 BIGINT NOT NULL,
    within_300000 BIGINT NOT NULL,
    beyond BIGINT NOT NULL,
    CONSTRAINT pk_call_sums PRIMARY KEY (span, at, key, team, "user", model, provider, endpoint, outcome)
);
CREATE TABLE call_tags (
    span SMALLINT NOT NULL,
    at BIGINT NOT NULL,
    tag VARCHAR NOT NULL,
    calls BIGINT NOT NULL,
    cost BIGINT NOT NULL,
    unknown BIGINT NOT NULL,
    input_tokens BIGINT NOT NULL,
    output_tokens BIGINT NOT NULL,
    CONSTRAINT pk_call_tags PRIMARY KEY (span, at, tag)
);
