//! A plan as text, worded like Flink's EXPLAIN.

use flow::PipelinePlan;
use flow::plan::TransformPlan;
use rows::{Changelog, Schema};

/// Every pipeline, sink first, each node with the changelog mode of the edge that leaves it.
pub(crate) fn job(name: &str, pipelines: &[PipelinePlan]) -> String {
    let mut out = format!("== Job '{name}' ==\n");
    for pipeline in pipelines {
        out.push('\n');
        out.push_str(&tree(pipeline));
    }
    out
}

fn tree(pipeline: &PipelinePlan) -> String {
    let mut nodes = Vec::new();
    if let Some(last) = pipeline.transforms.last() {
        nodes.push(format!(
            "Sink(table=[{}], fields=[{}]{}, sink=[{}])",
            pipeline.name,
            fields(&last.output),
            key(&last.output),
            pipeline.sink.describe()
        ));
    }
    nodes.extend(pipeline.transforms.iter().rev().map(calc));
    if let Some(first) = pipeline.transforms.first() {
        nodes.push(format!(
            "TableSourceScan(table=[{}], fields=[{}], changelogMode=[{}], source=[{}])",
            pipeline.source_name,
            typed_fields(&first.input),
            mode(&first.input_changelog, &first.input),
            pipeline.source.describe()
        ));
    }
    let indented = nodes.iter().enumerate().map(|(depth, node)| match depth {
        0 => format!("{node}\n"),
        depth => format!("{}+- {node}\n", "   ".repeat(depth - 1)),
    });
    indented.collect()
}

fn calc(transform: &TransformPlan) -> String {
    let select = transform.project.iter().zip(&transform.output.fields).map(|(expr, field)| {
        let text = expr.to_string();
        let shown = if text == field.name { text } else { format!("{text} AS {}", field.name) };
        format!("{shown} {}{}", expr.ty(), if expr.nullable() { "" } else { " NOT NULL" })
    });
    let filter = transform.filter.as_ref().map_or_else(String::new, |filter| format!(", where=[{filter}]"));
    format!(
        "Calc(select=[{}]{filter}, changelogMode=[{}])",
        select.collect::<Vec<_>>().join(", "),
        mode(&transform.output_changelog, &transform.output)
    )
}

fn fields(schema: &Schema) -> String {
    schema.fields.iter().map(|field| field.name.clone()).collect::<Vec<_>>().join(", ")
}

fn typed_fields(schema: &Schema) -> String {
    let shown = schema
        .fields
        .iter()
        .map(|field| format!("{} {}{}", field.name, field.ty, if field.nullable { "" } else { " NOT NULL" }));
    shown.collect::<Vec<_>>().join(", ")
}

fn key(schema: &Schema) -> String {
    if schema.key.is_empty() { String::new() } else { format!(", key=[{}]", columns(schema, &schema.key)) }
}

fn mode(changelog: &Changelog, schema: &Schema) -> String {
    match changelog {
        Changelog::Upsert(key) => format!("{changelog} by {}", columns(schema, key)),
        _ => changelog.to_string(),
    }
}

fn columns(schema: &Schema, columns: &[usize]) -> String {
    columns
        .iter()
        .filter_map(|at| schema.fields.get(*at))
        .map(|field| field.name.clone())
        .collect::<Vec<_>>()
        .join(", ")
}
