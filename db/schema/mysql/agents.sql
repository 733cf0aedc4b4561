-- Fifty agents, each with one row of agent_status: a join of two small tables, all of which is answered.
CREATE TABLE agents (
    id   bigint      NOT NULL,
    name varchar(64) NOT NULL,
    PRIMARY KEY (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin COMMENT = 'made by stackmark';
