//! Whatever a job says, planning it gives a plan or errors that can be shown.

use proptest::prelude::*;
use sql::{Mode, Overrides};

use crate::catalog::Lake;
use crate::harness::{SHOP, plan_with};

const LEAVES: &str = "id;line;status;total;placed;o.id;nope;1;2.50;1e3;99999999999;'x';'1';NULL;TRUE;DATE '2024-01-01';\
    TIMESTAMP '2024-01-01 00:00:00.5';TIME '10:00:00';X'0a';DATE 'x';INTERVAL '1' DAY";
const OPERATORS: &str = "+;-;*;/;%;||;=;<>;<;AND;OR;LIKE;IS DISTINCT FROM";
const FUNCTIONS: &str = "UPPER;COALESCE;IF;SUBSTRING;ABS;ROUND;CONCAT_WS;NULLIF;GREATEST;SPLIT_INDEX;MOD;COUNT;NOW;\
    TIMESTAMPDIFF;EXTRACT;TRIM;FLOOR;POSITION;REGEXP_EXTRACT";
const TYPES: &str = "INT;STRING;DECIMAL(38, 38);DECIMAL(5, 2);DATE;TIME(3);TIMESTAMP(9);TIMESTAMP_LTZ(3);BOOLEAN;BYTES;CHAR(2);\
    DOUBLE;MAP<STRING, BYTES>";

fn one_of(list: &'static str) -> impl Strategy<Value = &'static str> {
    prop::sample::select(list.split(';').collect::<Vec<_>>())
}

fn expression() -> impl Strategy<Value = String> {
    one_of(LEAVES).prop_map(str::to_owned).prop_recursive(5, 24, 3, |inner| {
        let three = (inner.clone(), inner.clone(), inner.clone());
        prop_oneof![
            (inner.clone(), one_of(OPERATORS), inner.clone()).prop_map(|(a, op, b)| format!("{a} {op} {b}")),
            (one_of(FUNCTIONS), prop::collection::vec(inner.clone(), 0..4))
                .prop_map(|(function, arguments)| format!("{function}({})", arguments.join(", "))),
            (inner.clone(), one_of(TYPES)).prop_map(|(a, ty)| format!("CAST({a} AS {ty})")),
            three.clone().prop_map(|(a, b, c)| format!("CASE WHEN {a} THEN {b} ELSE {c} END")),
            three.clone().prop_map(|(a, b, c)| format!("{a} BETWEEN {b} AND {c}")),
            three.prop_map(|(a, b, c)| format!("{a} NOT IN ({b}, {c})")),
            inner.prop_map(|a| format!("({a}) IS NOT NULL")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn planning_never_panics(items in prop::collection::vec(expression(), 1..4), filter in expression(), sink in 0..3usize) {
        let sink = ["lake.db.sink", "lake.db.log", "p"][sink];
        let job = format!(
            "{SHOP}CREATE TABLE p (a BIGINT, b STRING, PRIMARY KEY (a) NOT ENFORCED) WITH ('connector'='print');
             INSERT INTO {sink} SELECT id, {} FROM orders AS o WHERE {filter};",
            items.join(", ")
        );
        match plan_with(&Lake::default(), &job, &Overrides::default(), Mode::Check) {
            Ok(planned) => {
                for transform in planned.job.pipelines.iter().flat_map(|pipeline| &pipeline.transforms) {
                    prop_assert_eq!(transform.project.len(), transform.output.fields.len());
                    for (expr, field) in transform.project.iter().zip(&transform.output.fields) {
                        prop_assert_eq!(expr.ty(), &field.ty);
                        prop_assert!(expr.columns_used().iter().all(|column| *column < transform.input.fields.len()));
                    }
                }
            }
            Err(errors) => {
                prop_assert!(!errors.is_empty());
                for error in errors.list() {
                    let span = error.span.unwrap();
                    prop_assert!(job.get(span.start as usize..span.end as usize).is_some(), "{}", errors);
                }
            }
        }
    }
}
