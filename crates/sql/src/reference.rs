//! The reference pages, made from what the program knows: a test of the binary keeps `docs/` equal to them.

use flow::{OptionSpec, Registry};

/// `docs/sql.md`: statements, types, operators and functions.
pub fn sql() -> String {
    let mut out = STATEMENTS.to_owned();
    out.push_str("\n## Functions\n\n| Function | |\n|---|---|\n");
    for function in eval::functions() {
        out.push_str(&format!("| `{}` | {} |\n", cell(function.signature), cell(function.doc)));
    }
    out
}

/// `docs/options.md`: every option of every connector and catalog, and every setting.
pub fn options(registry: &Registry) -> String {
    let mut out = String::from(
        "# Options\n\n\
         Generated from the program. Options stand in `WITH ('key'='value')` of CREATE TABLE and CREATE CATALOG, or for one\n\
         query in a hint, `FROM t /*+ OPTIONS('key'='value') */`; settings in `SET 'key' = 'value'` or `--set key=value`.\n\
         A key that ends in `*` stands for any that begins so. Where values are listed there are no others.\n",
    );
    for source in &registry.sources {
        section(&mut out, &format!("Connector `{}` as a source", source.name()), &source.options());
        let metadata = source.metadata();
        if metadata.is_empty() {
            continue;
        }
        out.push_str("\nMetadata columns:\n\n| Key | Type |\n|---|---|\n");
        for (key, ty, nullable) in metadata {
            out.push_str(&format!("| `{key}` | `{ty}{}` |\n", if nullable { "" } else { " NOT NULL" }));
        }
    }
    for sink in &registry.sinks {
        section(&mut out, &format!("Connector `{}` as a sink", sink.name()), &sink.options());
    }
    for catalog in &registry.catalogs {
        section(&mut out, &format!("Catalog type `{}`", catalog.name()), &catalog.options());
        section(&mut out, &format!("Tables of catalog type `{}`", catalog.name()), &catalog.table_options());
    }
    section(&mut out, "Settings", &registry.settings);
    let per_table = registry.settings.iter().filter(|setting| setting.per_table).map(|setting| setting.key);
    let per_table = code(per_table);
    if !per_table.is_empty() {
        out.push_str(&format!(
            "\nWith `millstream.table.NAME.` in the place of `millstream.` these are set for one table alone: {per_table}.\n"
        ));
    }
    out
}

fn section(out: &mut String, title: &str, specs: &[OptionSpec]) {
    out.push_str(&format!("\n## {title}\n\n"));
    if specs.is_empty() {
        out.push_str("None.\n");
        return;
    }
    out.push_str("| Key | Default | Values | |\n|---|---|---|---|\n");
    // Options of which the same is to be said share a row.
    let alike = |a: &OptionSpec, b: &OptionSpec| {
        (a.doc, a.default, a.values, a.required) == (b.doc, b.default, b.values, b.required)
    };
    for group in specs.chunk_by(alike) {
        let Some(spec) = group.first() else { continue };
        let keys = code(group.iter().map(|spec| spec.key));
        let values = code(spec.values.iter().copied());
        let default = match (spec.required, spec.default) {
            (true, _) => "*required*".to_owned(),
            (false, Some(default)) => format!("`{}`", cell(default)),
            (false, None) => String::new(),
        };
        out.push_str(&format!("| {keys} | {default} | {values} | {} |\n", cell(spec.doc)));
    }
}

fn code<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    texts.map(|text| format!("`{}`", cell(text))).collect::<Vec<_>>().join(", ")
}

/// A bar would end the cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

const STATEMENTS: &str = "\
# SQL

Generated from the program. A job file is Flink SQL: statements that end in semicolons, names in backquotes where they are
reserved words, texts in single quotes, comments as `-- …`, `// …` or `/* … */`. What Flink has and is not listed here is an
error that says so.

## Statements

| Statement | |
|---|---|
| `SET 'key' = 'value'` | A setting, for the whole job. Key and value also bare: `SET key = value`. |
| `RESET ['key']` | Takes a setting back, or all. |
| `CREATE CATALOG [IF NOT EXISTS] c WITH (…)` | Opens a catalog. |
| `USE CATALOG c`, `USE [c.]d` | The catalog and database that names without one mean. |
| `CREATE DATABASE [IF NOT EXISTS] [c.]d` | Made when the job runs. |
| `CREATE [TEMPORARY] TABLE [IF NOT EXISTS] t (…) [COMMENT '…'] WITH (…)` | A table: in a catalog, made when the job runs; elsewhere for this job, by `'connector'`. With IF NOT EXISTS a table that is there must be the same. |
| `CREATE [TEMPORARY] VIEW [IF NOT EXISTS] v [(a, b)] AS SELECT …` | A query with a name. |
| `INSERT INTO t [/*+ OPTIONS('k'='v') */] [(a, b)] SELECT …` | Writes what a query gives, column by column in order; a column that is left out becomes NULL. |
| `EXECUTE STATEMENT SET BEGIN INSERT …; INSERT …; END` | Several at once; also `BEGIN STATEMENT SET; …; END`. |
| `EXPLAIN [PLAN FOR] INSERT …` | Shows a plan that is not run; also of a statement set. |

## Columns

| Column | |
|---|---|
| `c TYPE [NOT NULL]` | A column of the data. |
| `c TYPE METADATA [FROM 'key'] [VIRTUAL]` | What the connector knows of a record; read in its own type, cast to the one written. |
| `c AS expression` | Computed from columns that are not computed themselves. |
| `PRIMARY KEY (a, b) NOT ENFORCED` | The key, also `c TYPE PRIMARY KEY NOT ENFORCED`; its columns are NOT NULL. |
| `WATERMARK FOR c AS expression` | Read and kept; nothing that needs one is supported yet. |

## Queries

`SELECT expression [[AS] alias], t.*, * FROM t [/*+ OPTIONS('k'='v') */] [[AS] alias [(a, b)]] [WHERE condition]`, where in the
place of `t` may stand a view or a query in parentheses.

## Types

`BOOLEAN`, `TINYINT`, `SMALLINT`, `INT`, `BIGINT`, `FLOAT`, `DOUBLE`, `DECIMAL(p, s)`, `CHAR(n)`, `VARCHAR(n)`, `STRING`,
`BINARY(n)`, `VARBINARY(n)`, `BYTES`, `DATE`, `TIME(p)`, `TIMESTAMP(p)`, `TIMESTAMP_LTZ(p)`, and for metadata `MAP<k, v>` and
`ARRAY<t>`.

## Operators

By how tightly they bind: `-` `+` (sign); `*` `/` `%` `||`; `+` `-`; `LIKE`, `IN`, `BETWEEN`; `=` `<>` `<` `<=` `>` `>=`
`IS [NOT] DISTINCT FROM`; `IS [NOT] NULL | TRUE | FALSE | UNKNOWN`; `NOT`; `AND`; `OR`. And `CASE … WHEN … THEN … ELSE … END`,
`CAST(… AS type)`, `TRY_CAST(… AS type)`, `EXTRACT(unit FROM …)`, `FLOOR(… TO unit)`, `CEIL(… TO unit)`, `TRIM(BOTH … FROM …)`,
`TIMESTAMPADD(unit, n, …)`, `time + INTERVAL 'n' unit`.
";
