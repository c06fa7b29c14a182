PRAGMA user_version=2;
BEGIN TRANSACTION;
CREATE TABLE records (
        target TEXT NOT NULL,
        id TEXT NOT NULL,
        account TEXT,
        stack TEXT NOT NULL,
        team TEXT,
        owner TEXT,
        created_at INTEGER NOT NULL,
        ended_at INTEGER,
        final INTEGER NOT NULL,
        seen_at INTEGER NOT NULL,
        record TEXT NOT NULL,
        PRIMARY KEY (target, id)
    ) STRICT;
INSERT INTO records VALUES('us-east-1','j-147J8Z6VNX782','123456789012','u','recsys','ana@vm',1795987116166,1795987118466,1,1795987119021,'{"target":"us-east-1","account":"123456789012","id":"j-147J8Z6VNX782","stack":"u","team":"recsys","owner":"ana@vm","state":"TERMINATED","created_at":"2026-11-29T21:18:36.166Z","ready_at":"2026-11-29T21:18:36.966Z","ended_at":"2026-11-29T21:18:38.466Z","end":{"reason":"steps_completed","message":"all steps are completed"},"rates":"primary=0.192+0.048+0.01041097+0.005 core=0.192+0.048+0.01041097+0.005","lives":[{"role":"primary","from":"2026-11-29T21:18:36.166Z","until":"2026-11-29T21:18:38.466Z","count":1},{"role":"core","from":"2026-11-29T21:18:36.166Z","until":"2026-11-29T21:18:38.466Z","count":2}],"steps":[{"state":"COMPLETED","started_at":"2026-11-29T21:18:36.966Z","ended_at":"2026-11-29T21:18:37.466Z"},{"state":"COMPLETED","started_at":"2026-11-29T21:18:37.466Z","ended_at":"2026-11-29T21:18:37.966Z"}],"ends_by":"2026-11-29T23:38:36.166Z","overridden":null,"accounts":["recsys"],"seen_at":"2026-11-29T21:18:39.021518768Z"}');
INSERT INTO records VALUES('us-east-1','j-1KRP613AD7DMR','123456789012','t','recsys','ana@vm',1795987119915,NULL,0,1795987124386,'{"target":"us-east-1","account":"123456789012","id":"j-1KRP613AD7DMR","stack":"t","team":"recsys","owner":"ana@vm","state":"WAITING","created_at":"2026-11-29T21:18:39.915Z","ready_at":"2026-11-29T21:18:40.715Z","ended_at":null,"end":null,"rates":"primary=0.192+0.048+0.01041097+0.005 core=0.192+0.048+0.01041097+0.005","lives":[{"role":"primary","from":"2026-11-29T21:18:39.915Z","until":null,"count":1},{"role":"core","from":"2026-11-29T21:18:39.915Z","until":null,"count":2}],"steps":[{"state":"COMPLETED","started_at":"2026-11-29T21:18:40.715Z","ended_at":"2026-11-29T21:18:41.215Z"},{"state":"COMPLETED","started_at":"2026-11-29T21:18:41.215Z","ended_at":"2026-11-29T21:18:41.715Z"}],"ends_by":"2026-11-30T00:38:39.915Z","overridden":null,"accounts":["recsys"],"seen_at":"2026-11-29T21:18:44.386392750Z"}');
CREATE TABLE syncs (
        target TEXT NOT NULL,
        account TEXT NOT NULL,
        at INTEGER NOT NULL,
        PRIMARY KEY (target, account)
    ) STRICT;
INSERT INTO syncs VALUES('us-east-1','123456789012',1795987124386);
CREATE TABLE events (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        at INTEGER NOT NULL,
        actor TEXT NOT NULL,
        place TEXT,
        target TEXT,
        name TEXT,
        act TEXT NOT NULL,
        verdict TEXT,
        evidence TEXT,
        outcome TEXT NOT NULL
    ) STRICT;
CREATE TABLE notices (
        matter TEXT PRIMARY KEY,
        at INTEGER NOT NULL
    ) STRICT;
CREATE TABLE tellings (
        matter TEXT NOT NULL,
        voice TEXT NOT NULL,
        at INTEGER NOT NULL,
        outcome TEXT NOT NULL,
        PRIMARY KEY (matter, voice)
    ) STRICT;
CREATE INDEX records_by_creation ON records (target, created_at);
CREATE INDEX events_by_target ON events (target, id);
CREATE INDEX events_by_act ON events (act, id);
CREATE INDEX events_by_time ON events (at);
CREATE TRIGGER events_do_not_change BEFORE UPDATE ON events
        BEGIN SELECT RAISE(ABORT, 'events are only added to'); END;
CREATE TRIGGER events_do_not_go BEFORE DELETE ON events
        BEGIN SELECT RAISE(ABORT, 'events are only added to'); END;
CREATE TRIGGER events_are_not_replaced BEFORE INSERT ON events
        WHEN EXISTS (SELECT 1 FROM events WHERE id = NEW.id)
        BEGIN SELECT RAISE(ABORT, 'events are only added to'); END;
COMMIT;
