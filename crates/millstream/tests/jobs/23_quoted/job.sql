/* Names that are words of SQL, or have blanks, or an accent:
   quoted they are names like others. */
CREATE TABLE src ( -- the `order`s
  `order` BIGINT NOT NULL,
  `from` STRING,
  `zwei Wörter` INT,
  PRIMARY KEY (`order`) NOT ENFORCED
) WITH (${src}, 'format'='debezium-json');
CREATE TABLE ${dst} (
  `order` BIGINT NOT NULL,
  `select` STRING,
  `n` INT,
  PRIMARY KEY (`order`) NOT ENFORCED
) WITH (${dst.upsert});
-- A semicolon; in a comment, and 'one; in a text'.
INSERT INTO ${dst} SELECT `order`, `from` || ';''"', `zwei Wörter` + 1 AS `n` FROM src WHERE `from` <> 'a;b';
