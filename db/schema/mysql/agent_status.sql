-- The status of each agent. No foreign key: it would need a privilege of its own and change no query.
CREATE TABLE agent_status (
    agent_id bigint    NOT NULL,
    online   boolean   NOT NULL,
    since    timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (agent_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin COMMENT = 'made by stackmark';
