use proptest::prelude::*;

use super::*;
use crate::ast::BinaryOp;
use crate::text::{Diagnostics, Span};

fn parse_expr(text: &str) -> Result<Expr, Diagnostic> {
    super::parse_expr(&mut SourceText::new("expression", text))
}

/// A tree without places: two texts that mean the same give the same.
fn shape(expr: &Expr) -> String {
    let debug = format!("{expr:?}");
    let mut parts = debug.split("Span { start: ");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out.push_str(part.split_once('}').unwrap().1);
    }
    out
}

/// With parentheses around every operator.
fn grouped(expr: &Expr) -> String {
    use crate::ast::ExprKind as K;
    match &expr.kind {
        K::Binary { op, left, right } => format!("({} {} {})", grouped(left), op.sql(), grouped(right)),
        K::And(list) => format!("({})", list.iter().map(grouped).collect::<Vec<_>>().join(" AND ")),
        K::Or(list) => format!("({})", list.iter().map(grouped).collect::<Vec<_>>().join(" OR ")),
        K::Unary { op, operand } => format!("({op:?} {})", grouped(operand)),
        K::IsNull { operand, .. } => format!("({} IS NULL)", grouped(operand)),
        K::Between { operand, low, high, .. } => {
            format!("({} BETWEEN {} AND {})", grouped(operand), grouped(low), grouped(high))
        }
        K::Like { operand, pattern, .. } => format!("({} LIKE {})", grouped(operand), grouped(pattern)),
        _ => expr.to_string().replace('`', ""),
    }
}

#[test]
fn operators_bind_as_in_calcite() {
    for (text, expected) in [
        ("a + b * c", "(a + (b * c))"),
        ("a - b - c", "((a - b) - c)"),
        ("'x' || a + 1", "(('x' || a) + 1)"),
        ("- a * b", "((Minus a) * b)"),
        ("NOT a = b AND c OR d", "(((Not (a = b)) AND c) OR d)"),
        ("a = b IS NULL", "((a = b) IS NULL)"),
        ("a BETWEEN b AND c AND d", "((a BETWEEN b AND c) AND d)"),
        ("a = b LIKE c", "(a = (b LIKE c))"),
        ("a AND (b AND c) AND d", "(a AND (b AND c) AND d)"),
        ("a < b = c", "((a < b) = c)"),
        ("a IS NOT DISTINCT FROM b + 1", "(a IS NOT DISTINCT FROM (b + 1))"),
        ("POSITION('a' IN b) > 0", "(POSITION('a' IN b) > 0)"),
    ] {
        assert_eq!(grouped(&parse_expr(text).unwrap()), expected, "{text}");
    }
}

#[test]
fn printed_expressions_parse_to_the_same_tree() {
    for text in [
        "CASE a WHEN 1 THEN 'x' ELSE NULL END",
        "CASE WHEN a > 1 AND b IS NOT TRUE THEN - - 1 END",
        "CAST(a AS DECIMAL(10, 2)) + TRY_CAST(b AS TIMESTAMP_LTZ(3))",
        "CAST(m AS MAP<STRING, ARRAY<BYTES>>)",
        "TRIM(LEADING 'x' FROM a) || TRIM(b) || trim(both from c)",
        "EXTRACT(DAY FROM d) + TIMESTAMPDIFF(SECOND, a, b)",
        "FLOOR(ts TO HOUR) = CEIL(x)",
        "SUBSTRING(a FROM 1 FOR 2) || OVERLAY(a PLACING b FROM 1)",
        "POSITION((a = b) IN c)",
        "a NOT IN (1, 2.50, .5, 1e3) OR NOT (b NOT LIKE 'x%' ESCAPE '!')",
        "(a OR b) AND (c IS UNKNOWN) AND (NOT d) IS FALSE",
        "DATE '2024-01-01' + INTERVAL '1:30' HOUR TO MINUTE",
        "a NOT BETWEEN SYMMETRIC (b = 1) AND c",
        "(a, b)",
        "CURRENT_TIMESTAMP > LOCALTIMESTAMP",
        "X'00ff' = `we``ird`.`a b`",
        "IF(a = NOT b, 1, 2)",
    ] {
        let Ok(expr) = parse_expr(text) else {
            assert_eq!(text, "(a, b)");
            continue;
        };
        let printed = expr.to_string();
        let again = parse_expr(&printed).unwrap_or_else(|error| panic!("{printed}: {error:?}"));
        assert_eq!(shape(&again), shape(&expr), "{text} -> {printed}");
    }
}

#[test]
fn long_chains_are_read_and_deep_nests_refused() {
    let chain = vec!["a = 1"; 20_000].join(" OR ");
    assert!(parse_expr(&chain).is_ok());
    for deep in [
        format!("{}a{}", "(".repeat(100_000), ")".repeat(100_000)),
        format!("{}a", "NOT ".repeat(100_000)),
        format!("CAST(a AS {}INT", "ARRAY<".repeat(100_000)),
        "CASE WHEN ".repeat(100_000),
        "f(".repeat(100_000),
    ] {
        let error = parse_expr(&deep).unwrap_err();
        assert_eq!(error.message, "nested more than 100 levels deep");
    }
    for long in [" + 1", " IS NULL"] {
        let error = parse_expr(&format!("a{}", long.repeat(100_000))).unwrap_err();
        assert_eq!(error.message, "more than 200 operators in one chain");
    }
    let (_, errors) = parse(&mut SourceText::new("t", format!("INSERT INTO t {}", "SELECT a FROM (".repeat(100_000))));
    assert_eq!(errors[0].message, "nested more than 100 levels deep");
}

#[test]
fn the_deepest_that_is_accepted_prints_and_drops() {
    let text = format!("{}a{}", "COALESCE(".repeat(99), ", 1)".repeat(99));
    let expr = parse_expr(&text).unwrap();
    assert_eq!(shape(&parse_expr(&expr.to_string()).unwrap()), shape(&expr));
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof!["[a-c]", Just("`a b`".to_owned()), Just("t.`x``y`".to_owned())]
}

fn leaf() -> impl Strategy<Value = String> {
    prop_oneof![
        name(),
        "[0-9]{1,3}(\\.[0-9]{1,2})?",
        "'([a-z ]|''){0,4}'",
        Just("NULL".to_owned()),
        Just("TRUE".to_owned()),
        Just("DATE '2024-01-01'".to_owned()),
        Just("CURRENT_DATE".to_owned()),
    ]
}

fn expression() -> impl Strategy<Value = String> {
    leaf().prop_recursive(6, 40, 3, |inner| {
        let ops = prop::sample::select(vec![
            "+",
            "-",
            "*",
            "/",
            "%",
            "||",
            "=",
            "<>",
            "<",
            ">=",
            "AND",
            "OR",
            "IS DISTINCT FROM",
            "LIKE",
            "NOT LIKE",
            "SIMILAR TO",
        ]);
        let after = prop::sample::select(vec!["IS NULL", "IS NOT NULL", "IS TRUE", "IS NOT UNKNOWN", "IN (1, 2)"]);
        prop_oneof![
            (inner.clone(), ops, inner.clone()).prop_map(|(a, op, b)| format!("{a} {op} {b}")),
            (inner.clone(), after).prop_map(|(a, op)| format!("{a} {op}")),
            inner.clone().prop_map(|a| format!("({a})")),
            inner.clone().prop_map(|a| format!("NOT {a}")),
            inner.clone().prop_map(|a| format!("- {a}")),
            inner.clone().prop_map(|a| format!("CAST({a} AS VARCHAR(3))")),
            inner.clone().prop_map(|a| format!("EXTRACT(YEAR FROM {a})")),
            inner.clone().prop_map(|a| format!("TRIM(TRAILING FROM {a})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("f({a}, {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("POSITION(({a}) IN {b})")),
            (inner.clone(), inner.clone(), inner.clone())
                .prop_map(|(a, b, c)| format!("CASE WHEN {a} THEN {b} ELSE {c} END")),
            (inner.clone(), inner.clone(), inner).prop_map(|(a, b, c)| format!("{a} BETWEEN ({b}) AND ({c})")),
        ]
    })
}

/// Whatever it says about a text, it can be shown.
fn parse_and_render(text: &str) {
    let mut source = SourceText::new("t.sql", text);
    let (_, errors) = parse(&mut source);
    for error in &errors {
        let span = error.span.unwrap_or(Span { start: 0, end: 0 });
        assert!(span.start <= span.end && span.end as usize <= text.len(), "{span:?} of {text:?}");
        assert!(text.is_char_boundary(span.start as usize) && text.is_char_boundary(span.end as usize));
    }
    let rendered = Diagnostics::new(std::sync::Arc::new(source), errors).to_string();
    assert!(rendered.lines().all(|line| line.chars().count() < 2_000), "{rendered}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_expression_prints_back_to_itself(text in expression()) {
        if let Ok(expr) = parse_expr(&text) {
            let printed = expr.to_string();
            let again = parse_expr(&printed);
            prop_assert!(again.is_ok(), "{} -> {}: {:?}", text, printed, again);
            prop_assert_eq!(shape(&again.unwrap()), shape(&expr), "{} -> {}", text, printed);
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in "(?s)\\PC{0,80}") {
        parse_and_render(&text);
    }

    #[test]
    fn no_tokens_make_it_panic(words in prop::collection::vec(prop::sample::select(vec![
        "CREATE", "TABLE", "CATALOG", "DATABASE", "VIEW", "IF", "NOT", "EXISTS", "INSERT", "INTO", "SELECT", "FROM", "WHERE",
        "AS", "SET", "EXECUTE", "STATEMENT", "BEGIN", "END", "EXPLAIN", "PRIMARY", "KEY", "ENFORCED", "METADATA", "VIRTUAL",
        "WATERMARK", "FOR", "WITH", "COMMENT", "USE", "RESET", "CASE", "WHEN", "THEN", "ELSE", "CAST", "TRIM", "EXTRACT",
        "POSITION", "INTERVAL", "DATE", "IS", "NULL", "IN", "LIKE", "BETWEEN", "AND", "OR", "JOIN", "GROUP", "DAY", "MAP",
        "ARRAY", "ROW", "DECIMAL", "TIMESTAMP", "a", "b", "`c d`", "'k'", "'v'", "1", "2.5", "1e9", "X'00'", "(", ")", ",", ".", ";",
        "=", "<", ">", "<>", "+", "-", "*", "/", "||", "[", "]", "/*+", "*/", "OPTIONS", "?", "=>", "::", "ä", "\n",
    ]), 0..60)) {
        parse_and_render(&words.join(" "));
    }
}

#[test]
fn operators_print_as_themselves() {
    for op in [BinaryOp::Add, BinaryOp::Concat, BinaryOp::NotDistinct, BinaryOp::NotEqual] {
        let text = format!("`a` {} `b`", op.sql());
        assert_eq!(parse_expr(&text).unwrap().to_string(), text);
    }
}
