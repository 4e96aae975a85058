//! Leaves out what nothing reads: a source is asked for the columns that are used and the key, a query inside another
//! computes only what the outer one reads.

use std::collections::BTreeSet;

use flow::plan::TransformPlan;
use rows::{Changelog, Schema};

/// Narrows a chain of transforms, the first of which reads all fields of a table; the fields that it still reads, growing.
/// There is at least one: batches without columns have no rows.
pub(super) fn prune(transforms: &mut [TransformPlan]) -> Vec<usize> {
    let mut wanted: Option<Vec<usize>> = None;
    for transform in transforms.iter_mut().rev() {
        if let Some(wanted) = &wanted {
            keep_outputs(transform, wanted);
        }
        let used = used_inputs(transform);
        keep_inputs(transform, &used);
        wanted = Some(used);
    }
    wanted.unwrap_or_default()
}

fn used_inputs(transform: &TransformPlan) -> Vec<usize> {
    let exprs = transform.project.iter().chain(&transform.filter);
    let mut used: BTreeSet<usize> = exprs.flat_map(eval::Expr::columns_used).collect();
    if let Changelog::Upsert(key) = &transform.input_changelog {
        used.extend(key);
    }
    if used.is_empty() {
        used.insert(0);
    }
    used.into_iter().collect()
}

fn keep_outputs(transform: &mut TransformPlan, wanted: &[usize]) {
    transform.project = wanted.iter().filter_map(|at| transform.project.get(*at)).cloned().collect();
    transform.output = narrowed(&transform.output, wanted);
    transform.output_changelog = moved(&transform.output_changelog, wanted);
}

fn keep_inputs(transform: &mut TransformPlan, used: &[usize]) {
    let place = |column: usize| used.iter().position(|at| *at == column).unwrap_or(column);
    transform.filter = transform.filter.take().map(|filter| filter.with_columns(&place));
    for expr in &mut transform.project {
        *expr = expr.with_columns(&place);
    }
    transform.input = narrowed(&transform.input, used);
    transform.input_changelog = moved(&transform.input_changelog, used);
}

fn narrowed(schema: &Schema, kept: &[usize]) -> Schema {
    let fields = kept.iter().filter_map(|at| schema.fields.get(*at)).cloned().collect();
    Schema { fields, key: positions(&schema.key, kept) }
}

fn moved(changelog: &Changelog, kept: &[usize]) -> Changelog {
    match changelog {
        Changelog::Upsert(key) => Changelog::Upsert(positions(key, kept)),
        other => other.clone(),
    }
}

/// Where each of `columns` is among `kept`; those that are not there are left out.
fn positions(columns: &[usize], kept: &[usize]) -> Vec<usize> {
    columns.iter().filter_map(|column| kept.iter().position(|at| at == column)).collect()
}
