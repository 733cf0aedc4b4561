-- Fifty agents, each with one row of agent_status: a join of two small tables, all of which is answered.
CREATE TABLE agents (
    id   bigint                  NOT NULL,
    name varchar(64) COLLATE "C" NOT NULL,
    CONSTRAINT agents_pkey PRIMARY KEY (id)
);
COMMENT ON TABLE agents IS 'made by stackmark';

-- The status of each agent. No foreign key: it would need a privilege of its own and change no query.
CREATE TABLE agent_status (
    agent_id bigint         NOT NULL,
    online   boolean        NOT NULL,
    since    timestamptz(0) NOT NULL,
    CONSTRAINT agent_status_pkey PRIMARY KEY (agent_id)
);
COMMENT ON TABLE agent_status IS 'made by stackmark';
