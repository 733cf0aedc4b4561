-- The benchmark's table on MariaDB 10.11 and newer.
-- utf8mb4_nopad_bin compares bytes and counts trailing spaces: 'a', 'A' and 'a ' are three names.
-- A table with this comment may be dropped and made anew, and any other of its name is left alone.
-- Neither time changes by itself: the rows are a pure function, and stay so.
CREATE TABLE demo_data (
    id          bigint       NOT NULL AUTO_INCREMENT,
    name        varchar(255) NOT NULL,
    create_time timestamp    NOT NULL DEFAULT CURRENT_TIMESTAMP,
    update_time timestamp    NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin COMMENT = 'made by stackmark';
