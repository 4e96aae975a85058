//! Conditions of three values, nested at random, against a walk over the tree.

use std::sync::Arc;

use arrow_array::{BooleanArray, Int32Array};
use proptest::prelude::*;
use rows::LogicalType;

use super::config;
use crate::support::Rows;

/// True, false or unknown.
type Truth = Option<bool>;

/// A row of the columns `p`, `q` and `i`, `j`.
type Row = ([Truth; 2], [Option<i32>; 2]);

/// A whole number: a column, a literal, or chosen by conditions.
#[derive(Clone, Debug)]
enum Number {
    Column(usize),
    Literal(i32),
    Null,
    Case(Vec<(Condition, Number)>, Option<Box<Number>>),
    Coalesce(Vec<Number>),
    NullIf(Box<Number>, Box<Number>),
}

#[derive(Clone, Debug)]
enum Condition {
    Column(usize),
    Literal(Truth),
    Not(Box<Condition>),
    And(Box<Condition>, Box<Condition>),
    Or(Box<Condition>, Box<Condition>),
    /// `IS [NOT] TRUE|FALSE|NULL`
    Is(Box<Condition>, bool, Truth),
    Compared(&'static str, Box<Number>, Box<Number>),
    Between(Box<Number>, Box<Number>, Box<Number>),
    In(Box<Number>, bool, Vec<Option<i32>>),
    If(Box<Condition>, Box<Condition>, Box<Condition>),
}

fn not(truth: Truth) -> Truth {
    truth.map(|truth| !truth)
}

fn and(a: Truth, b: Truth) -> Truth {
    if a == Some(false) || b == Some(false) { Some(false) } else { Some(a? && b?) }
}

fn or(a: Truth, b: Truth) -> Truth {
    not(and(not(a), not(b)))
}

fn compared(operator: &str, a: Option<i32>, b: Option<i32>) -> Truth {
    match operator {
        "IS DISTINCT FROM" => return Some(a != b),
        "IS NOT DISTINCT FROM" => return Some(a == b),
        _ => {}
    }
    let (a, b) = (a?, b?);
    Some(match operator {
        "=" => a == b,
        "<>" => a != b,
        "<" => a < b,
        "<=" => a <= b,
        ">" => a > b,
        _ => a >= b,
    })
}

impl Number {
    fn sql(&self) -> String {
        let list = |numbers: &[Number]| numbers.iter().map(Number::sql).collect::<Vec<_>>().join(", ");
        match self {
            Self::Column(at) => ["i", "j"][*at].to_owned(),
            Self::Literal(value) => value.to_string(),
            Self::Null => "CAST(NULL AS INT)".to_owned(),
            Self::Case(branches, otherwise) => {
                let branches: Vec<String> =
                    branches.iter().map(|(when, then)| format!("WHEN {} THEN {}", when.sql(), then.sql())).collect();
                let otherwise = otherwise.as_ref().map_or(String::new(), |number| format!(" ELSE {}", number.sql()));
                format!("CASE {}{otherwise} END", branches.join(" "))
            }
            Self::Coalesce(numbers) => format!("COALESCE({})", list(numbers)),
            Self::NullIf(a, b) => format!("NULLIF({}, {})", a.sql(), b.sql()),
        }
    }

    fn value(&self, row: &Row) -> Option<i32> {
        match self {
            Self::Column(at) => row.1[*at],
            Self::Literal(value) => Some(*value),
            Self::Null => None,
            Self::Case(branches, otherwise) => {
                let chosen = branches.iter().find(|(when, _)| when.value(row) == Some(true)).map(|(_, then)| then);
                chosen.or(otherwise.as_deref())?.value(row)
            }
            Self::Coalesce(numbers) => numbers.iter().find_map(|number| number.value(row)),
            Self::NullIf(a, b) => a.value(row).filter(|value| b.value(row) != Some(*value)),
        }
    }
}

impl Condition {
    fn sql(&self) -> String {
        let literal = |truth: Truth| truth.map_or("UNKNOWN", |truth| if truth { "TRUE" } else { "FALSE" });
        let negated = |negated: bool| if negated { "NOT " } else { "" };
        match self {
            Self::Column(at) => ["p", "q"][*at].to_owned(),
            Self::Literal(None) => "CAST(NULL AS BOOLEAN)".to_owned(),
            Self::Literal(truth) => literal(*truth).to_owned(),
            Self::Not(a) => format!("(NOT {})", a.sql()),
            Self::And(a, b) => format!("({} AND {})", a.sql(), b.sql()),
            Self::Or(a, b) => format!("({} OR {})", a.sql(), b.sql()),
            Self::Is(a, not, truth) => format!("({} IS {}{})", a.sql(), negated(*not), literal(*truth)),
            Self::Compared(operator, a, b) => format!("({} {operator} {})", a.sql(), b.sql()),
            Self::Between(a, low, high) => format!("({} BETWEEN {} AND {})", a.sql(), low.sql(), high.sql()),
            Self::In(a, not, list) => {
                let list: Vec<String> =
                    list.iter().map(|item| item.map_or("NULL".to_owned(), |item| item.to_string())).collect();
                format!("({} {}IN ({}))", a.sql(), negated(*not), list.join(", "))
            }
            Self::If(condition, a, b) => format!("IF({}, {}, {})", condition.sql(), a.sql(), b.sql()),
        }
    }

    fn value(&self, row: &Row) -> Truth {
        match self {
            Self::Column(at) => row.0[*at],
            Self::Literal(truth) => *truth,
            Self::Not(a) => not(a.value(row)),
            Self::And(a, b) => and(a.value(row), b.value(row)),
            Self::Or(a, b) => or(a.value(row), b.value(row)),
            Self::Is(a, negated, truth) => Some((a.value(row) == *truth) != *negated),
            Self::Compared(operator, a, b) => compared(operator, a.value(row), b.value(row)),
            Self::Between(a, low, high) => {
                let number = a.value(row);
                and(compared(">=", number, low.value(row)), compared("<=", number, high.value(row)))
            }
            Self::In(a, negated, list) => {
                let number = a.value(row);
                let mut found = Some(false);
                for item in list {
                    found = or(found, compared("=", number, *item));
                }
                if *negated { not(found) } else { found }
            }
            Self::If(condition, a, b) => if condition.value(row) == Some(true) { a } else { b }.value(row),
        }
    }
}

const COMPARISONS: [&str; 8] = ["=", "<>", "<", "<=", ">", ">=", "IS DISTINCT FROM", "IS NOT DISTINCT FROM"];

fn small() -> impl Strategy<Value = Option<i32>> {
    prop::option::weighted(0.8, -2..3_i32)
}

fn truth() -> impl Strategy<Value = Truth> {
    prop::option::weighted(0.7, any::<bool>())
}

fn leaf_number() -> impl Strategy<Value = Number> {
    prop_oneof![
        4 => (0..2_usize).prop_map(Number::Column),
        2 => (-2..3_i32).prop_map(Number::Literal),
        1 => Just(Number::Null)
    ]
}

/// A number over conditions that are given.
fn number(condition: BoxedStrategy<Condition>) -> BoxedStrategy<Number> {
    let several = prop::collection::vec(leaf_number(), 2..4);
    let branches = prop::collection::vec((condition, leaf_number()), 1..4);
    let otherwise = prop::option::of(leaf_number().prop_map(Box::new));
    prop_oneof![
        3 => leaf_number(),
        2 => (branches, otherwise).prop_map(|(branches, otherwise)| Number::Case(branches, otherwise)),
        1 => several.prop_map(Number::Coalesce),
        1 => (leaf_number(), leaf_number()).prop_map(|(a, b)| Number::NullIf(Box::new(a), Box::new(b))),
    ]
    .boxed()
}

fn condition() -> impl Strategy<Value = Condition> {
    let leaf = prop_oneof![4 => (0..2_usize).prop_map(Condition::Column), 1 => truth().prop_map(Condition::Literal)];
    leaf.prop_recursive(4, 24, 3, |inner| {
        let boxed = || inner.clone().prop_map(Box::new);
        let number = || number(inner.clone().boxed()).prop_map(Box::new);
        let list = prop::collection::vec(small(), 1..5);
        prop_oneof![
            boxed().prop_map(Condition::Not),
            (boxed(), boxed()).prop_map(|(a, b)| Condition::And(a, b)),
            (boxed(), boxed()).prop_map(|(a, b)| Condition::Or(a, b)),
            (boxed(), any::<bool>(), truth()).prop_map(|(a, not, truth)| Condition::Is(a, not, truth)),
            (prop::sample::select(&COMPARISONS[..]), number(), number())
                .prop_map(|(operator, a, b)| Condition::Compared(operator, a, b)),
            (number(), number(), number()).prop_map(|(a, low, high)| Condition::Between(a, low, high)),
            (number(), any::<bool>(), list).prop_map(|(a, not, list)| Condition::In(a, not, list)),
            (boxed(), boxed(), boxed()).prop_map(|(condition, a, b)| Condition::If(condition, a, b)),
        ]
    })
}

fn table() -> impl Strategy<Value = Vec<Row>> {
    prop::collection::vec(([truth(), truth()], [small(), small()]), 1..70)
}

fn columns(rows: &[Row]) -> Rows {
    let truths = |at: usize| Arc::new(rows.iter().map(|row| row.0[at]).collect::<BooleanArray>()) as _;
    let numbers = |at: usize| Arc::new(rows.iter().map(|row| row.1[at]).collect::<Int32Array>()) as _;
    Rows::new(vec![
        ("p", LogicalType::Boolean, truths(0)),
        ("q", LogicalType::Boolean, truths(1)),
        ("i", LogicalType::Int, numbers(0)),
        ("j", LogicalType::Int, numbers(1)),
    ])
}

fn shown<T: ToString>(value: Option<T>) -> String {
    value.map_or("NULL".to_owned(), |value| value.to_string())
}

proptest! {
    #![proptest_config(config(96))]

    #[test]
    fn conditions_are_true_false_or_unknown(condition in condition(), rows in table()) {
        let expected: Vec<String> = rows.iter().map(|row| shown(condition.value(row))).collect();
        prop_assert_eq!(columns(&rows).shown(&condition.sql()), expected, "{}", condition.sql());
    }

    #[test]
    fn numbers_are_those_of_the_branch_that_holds(number in number(condition().boxed()), rows in table()) {
        let expected: Vec<String> = rows.iter().map(|row| shown(number.value(row))).collect();
        prop_assert_eq!(columns(&rows).shown(&number.sql()), expected, "{}", number.sql());
    }

    #[test]
    fn case_is_a_nest_of_ifs(a in condition(), b in condition(), rows in table()) {
        let (rows, a, b) = (columns(&rows), a.sql(), b.sql());
        let case = rows.shown(&format!("CASE WHEN {a} THEN i WHEN {b} THEN j ELSE 7 END"));
        prop_assert_eq!(case, rows.shown(&format!("IF({a}, i, IF({b}, j, 7))")), "{} / {}", a, b);
    }
}
