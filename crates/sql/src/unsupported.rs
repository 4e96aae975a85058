//! What Flink has and Millstream does not have yet: its words, and what to do instead.
//!
//! Each message has the place, says that it is not supported yet, and ends in something that the user can do: another way
//! to write it, another tool for it, or Flink, which runs the same file.

use crate::text::{Diagnostic, Span};

/// Where nothing better is known.
const FLINK: &str = "Flink runs it from the same file; what there is here is listed in docs/sql.md";

pub(crate) const AGGREGATE: &str =
    "rows are handled one by one here: write them to a table and aggregate where it is read, or run this file on Flink";
pub(crate) const JOIN: &str =
    "write each side to a table of its own and join where they are read, or run this file on Flink";
const COMPARE: &str =
    "write each side to a table of its own and compare them where they are read, or run this file on Flink";
const DEDUPLICATE: &str = "to keep the last row of each key give the table a PRIMARY KEY and 'write.upsert.enabled'='true'; for the rest run this file on Flink";
const SORT: &str =
    "a stream has no last row, so there is nothing to sort: leave it out, and sort where the table is read";
const LIMIT: &str =
    "leave it out: a stream has no end to count to; 'millstream run --bounded' stops at what is there now";
const UNION: &str = "several topics are one table with 'topic'='a;b'; other queries are jobs of their own, each with its 'pipeline.name', into the same table";
pub(crate) const SUBQUERY: &str = "a query in parentheses can stand behind FROM; elsewhere run this file on Flink";
pub(crate) const VALUES: &str = "rows come from a table: put them into a topic with 'millstream produce'";
pub(crate) const COMMON_TABLE: &str =
    "give the query a name with CREATE TEMPORARY VIEW x AS SELECT …, or put it in parentheses behind FROM";
pub(crate) const OVERWRITE: &str = "INSERT INTO a table with 'write.upsert.enabled'='true' replaces rows by their key; to overwrite all, name a new table";
pub(crate) const FUNCTION: &str = "docs/sql.md lists the functions there are; for others run this file on Flink";

/// The error that something is Flink's but not ours yet.
pub(crate) fn unsupported(span: Span, what: impl std::fmt::Display) -> Diagnostic {
    Diagnostic::error(span, format!("{what} is not supported yet")).hint(FLINK)
}

/// Flink's other statements, by the word that begins them, and what to do instead.
pub(crate) fn statement(word: &str) -> Option<&'static str> {
    let (_, instead) = STATEMENTS.iter().find(|(words, _)| words.contains(&word))?;
    Some(instead)
}

/// The words that begin Flink's other statements.
pub(crate) fn statements() -> impl Iterator<Item = &'static str> {
    STATEMENTS.iter().flat_map(|(words, _)| words.iter().copied())
}

const STATEMENTS: [(&[&str], &str); 9] = [
    (
        &["ALTER"],
        "change a table of this job in its CREATE TABLE; alter one of a catalog with another engine, such as Spark or PyIceberg",
    ),
    (
        &["DROP"],
        "what this job declares ends with it; drop a table of a catalog with another engine, such as Spark or PyIceberg",
    ),
    (
        &["UPDATE", "DELETE", "MERGE", "TRUNCATE", "UPSERT"],
        "a job changes rows by the key of its stream: 'format'='debezium-json' brings updates and deletes; single changes are for another engine, such as Spark or PyIceberg",
    ),
    (
        &["SHOW", "DESC", "DESCRIBE", "HELP", "CLEAR"],
        "'millstream check JOB.sql' shows what the file means; the tables of a catalog are shown by DuckDB, PyIceberg and others",
    ),
    (&["ADD", "REMOVE", "LOAD", "UNLOAD"], FUNCTION),
    (&["STOP", "QUIT", "EXIT"], "a job ends with Ctrl-C or SIGTERM, or by itself with --bounded; both commit first"),
    (&["COMPILE", "RESTORE"], "'millstream check JOB.sql' shows the plan; a job goes on by itself where it stood"),
    (
        &["VALUES", "TABLE", "WITH"],
        "write its rows somewhere: INSERT INTO t SELECT …, where t may have 'connector'='print'",
    ),
    (&["ANALYZE", "CALL", "REPLACE", "SOURCE"], FLINK),
];

/// Clauses of a query that Flink has, by the word that begins them, and what to do instead.
pub(crate) const CLAUSES: [(&str, &str, &str); 23] = [
    ("GROUP", "GROUP BY", AGGREGATE),
    ("HAVING", "HAVING", AGGREGATE),
    ("ORDER", "ORDER BY", SORT),
    ("LIMIT", "LIMIT", LIMIT),
    ("OFFSET", "OFFSET", LIMIT),
    ("FETCH", "FETCH", LIMIT),
    ("WINDOW", "WINDOW", DEDUPLICATE),
    ("QUALIFY", "QUALIFY", DEDUPLICATE),
    ("UNION", "UNION", UNION),
    ("INTERSECT", "INTERSECT", COMPARE),
    ("EXCEPT", "EXCEPT", COMPARE),
    ("MINUS", "MINUS", COMPARE),
    ("JOIN", "JOIN", JOIN),
    ("INNER", "JOIN", JOIN),
    ("LEFT", "JOIN", JOIN),
    ("RIGHT", "JOIN", JOIN),
    ("FULL", "JOIN", JOIN),
    ("CROSS", "JOIN", JOIN),
    ("NATURAL", "JOIN", JOIN),
    ("MATCH_RECOGNIZE", "MATCH_RECOGNIZE", FLINK),
    ("TABLESAMPLE", "TABLESAMPLE", FLINK),
    ("PIVOT", "PIVOT", AGGREGATE),
    ("UNPIVOT", "UNPIVOT", FLINK),
];

/// What may stand behind a call, and makes it more than a function of its row.
pub(crate) const CALL_CLAUSES: [(&str, &str, &str); 3] =
    [("OVER", "OVER", DEDUPLICATE), ("FILTER", "FILTER", AGGREGATE), ("WITHIN", "WITHIN GROUP", AGGREGATE)];

/// A function that needs more than one row, if this is one.
pub(crate) fn more_than_a_row(name: &str, span: Span) -> Option<Diagnostic> {
    let upper = name.to_ascii_uppercase();
    let kind = if AGGREGATES.contains(&upper.as_str()) {
        "aggregate function"
    } else if WINDOWS.contains(&upper.as_str()) {
        "window function"
    } else {
        return None;
    };
    Some(unsupported(span, format!("the {kind} {upper}")).hint(AGGREGATE))
}

const AGGREGATES: [&str; 26] = [
    "APPROX_COUNT_DISTINCT",
    "ARRAY_AGG",
    "AVG",
    "COLLECT",
    "COUNT",
    "CUME_DIST",
    "DENSE_RANK",
    "FIRST_VALUE",
    "JSON_ARRAYAGG",
    "JSON_OBJECTAGG",
    "LAG",
    "LAST_VALUE",
    "LEAD",
    "LISTAGG",
    "MAX",
    "MIN",
    "NTILE",
    "PERCENTILE",
    "PERCENT_RANK",
    "RANK",
    "ROW_NUMBER",
    "STDDEV_POP",
    "STDDEV_SAMP",
    "SUM",
    "VAR_POP",
    "VAR_SAMP",
];

/// Of `GROUP BY TUMBLE(…)` and of `TABLE(TUMBLE(…))`.
const WINDOWS: [&str; 16] = [
    "CUMULATE",
    "HOP",
    "HOP_END",
    "HOP_PROCTIME",
    "HOP_ROWTIME",
    "HOP_START",
    "SESSION",
    "SESSION_END",
    "SESSION_PROCTIME",
    "SESSION_ROWTIME",
    "SESSION_START",
    "TUMBLE",
    "TUMBLE_END",
    "TUMBLE_PROCTIME",
    "TUMBLE_ROWTIME",
    "TUMBLE_START",
];
