//! The functions by name: what SQL's documentation, its messages and its look-up read.

mod bind;
mod conditional;
mod number;
mod text;
mod time;

use rows::LogicalType;

use crate::error::TypeError;
use crate::expr::{Expr, Symbol};
use crate::kernel::args::Kernel;
use crate::typing;

/// A scalar function. Syntax of its own (`CAST`, `EXTRACT(… FROM …)`, `TRIM(… FROM …)`, `POSITION(… IN …)`, `FLOOR(… TO …)`,
/// `TIMESTAMPADD`, `LIKE`) has constructors of [`Expr`] instead.
#[derive(Clone, Copy, Debug)]
pub struct Function {
    /// Upper case.
    pub name: &'static str,
    /// As documentation writes it: `SUBSTRING(string, start [, length])`.
    pub signature: &'static str,
    /// One sentence.
    pub doc: &'static str,
    params: &'static [Param],
    /// How many of the parameters must be given.
    required: usize,
    /// The last parameter may be repeated.
    variadic: bool,
    body: Body,
}

/// The family of types that an argument must be of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Param {
    Text,
    /// Any integer; given to the kernel as INT.
    Int,
    /// Any integer; given to the kernel as BIGINT.
    BigInt,
    /// Any number; given to the kernel as DOUBLE.
    Double,
    Number,
    Bytes,
    Any,
}

impl Param {
    fn name(self) -> &'static str {
        match self {
            Self::Text => "<CHARACTER>",
            Self::Int | Self::BigInt => "<INTEGER>",
            Self::Double | Self::Number => "<NUMERIC>",
            Self::Bytes => "<BINARY>",
            Self::Any => "<ANY>",
        }
    }

    fn accepts(self, ty: &LogicalType) -> bool {
        match self {
            Self::Text => typing::is_text(ty),
            Self::Int | Self::BigInt => typing::is_integer(ty),
            Self::Double | Self::Number => typing::is_numeric(ty),
            Self::Bytes => typing::is_bytes(ty),
            Self::Any => true,
        }
    }

    /// What the kernel wants instead of the argument's own type.
    fn cast(self) -> Option<LogicalType> {
        match self {
            Self::Int => Some(LogicalType::Int),
            Self::BigInt => Some(LogicalType::BigInt),
            Self::Double => Some(LogicalType::Double),
            Self::Text | Self::Number | Self::Bytes | Self::Any => None,
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Body {
    /// NULL where an argument is.
    Strict { result: fn(&[Expr]) -> LogicalType, kernel: Kernel, symbol: Option<Symbol> },
    /// May be NULL although no argument is.
    Nullable { result: fn(&[Expr]) -> LogicalType, kernel: Kernel, symbol: Option<Symbol> },
    /// Made of other expressions.
    Build(fn(Vec<Expr>) -> Result<Expr, TypeError>),
}

/// All functions, in the order of documentation: conditions, numbers, texts, times.
pub fn functions() -> impl Iterator<Item = &'static Function> {
    [conditional::FUNCTIONS, number::FUNCTIONS, text::FUNCTIONS, time::FUNCTIONS].into_iter().flatten()
}

pub(crate) fn by_name(name: &str) -> Option<&'static Function> {
    functions().find(|function| function.name.eq_ignore_ascii_case(name))
}

/// The known name that is nearest to a wrong one, if any is near.
pub fn nearest_function(name: &str) -> Option<&'static str> {
    let wanted = name.to_ascii_uppercase();
    let near = functions().map(|function| (distance(&wanted, function.name), function.name)).min()?;
    (near.0 <= wanted.len() / 3 + 1).then_some(near.1)
}

pub(crate) fn unknown(name: &str, args: &[Expr]) -> TypeError {
    let upper = name.to_ascii_uppercase();
    if matches!(
        upper.as_str(),
        "NOW"
            | "CURRENT_TIMESTAMP"
            | "CURRENT_DATE"
            | "CURRENT_TIME"
            | "LOCALTIME"
            | "LOCALTIMESTAMP"
            | "PROCTIME"
            | "CURRENT_ROW_TIMESTAMP"
            | "RAND"
            | "RAND_INTEGER"
            | "UUID"
    ) {
        return TypeError::new(format!("{upper} is not supported: its value changes from run to run"))
            .hint("a job that restarts must give the same rows again; take a time from the data, such as the record's timestamp");
    }
    if FLINKS_OTHERS.contains(&upper.as_str()) {
        return TypeError::new(format!("the function {upper} is not supported yet")).hint(
            "compute it where the table is read, or run this file on Flink; docs/sql.md lists the functions there are",
        );
    }
    let families: Vec<&str> = args.iter().map(|arg| family(&arg.ty)).collect();
    let error = TypeError::new(format!("No match found for function signature {upper}({})", families.join(", ")));
    match nearest_function(name) {
        Some(near) => error.hint(format!("did you mean {near}?")),
        None => error,
    }
}

/// Flink's other functions of one row.
const FLINKS_OTHERS: [&str; 84] = [
    "ACOS",
    "ARRAY_APPEND",
    "ARRAY_CONCAT",
    "ARRAY_CONTAINS",
    "ARRAY_DISTINCT",
    "ARRAY_EXCEPT",
    "ARRAY_INTERSECT",
    "ARRAY_JOIN",
    "ARRAY_MAX",
    "ARRAY_MIN",
    "ARRAY_POSITION",
    "ARRAY_PREPEND",
    "ARRAY_REMOVE",
    "ARRAY_REVERSE",
    "ARRAY_SLICE",
    "ARRAY_SORT",
    "ARRAY_UNION",
    "ASIN",
    "ATAN",
    "ATAN2",
    "BIN",
    "CARDINALITY",
    "CONVERT_TZ",
    "COS",
    "COSH",
    "COT",
    "CURRENT_DATABASE",
    "CURRENT_WATERMARK",
    "DEGREES",
    "E",
    "ELEMENT",
    "ELT",
    "GROUP_ID",
    "IS_ALPHA",
    "IS_DECIMAL",
    "IS_DIGIT",
    "JSON",
    "JSON_ARRAY",
    "JSON_EXISTS",
    "JSON_LENGTH",
    "JSON_OBJECT",
    "JSON_QUERY",
    "JSON_QUOTE",
    "JSON_STRING",
    "JSON_UNQUOTE",
    "JSON_VALUE",
    "MAP_ENTRIES",
    "MAP_FROM_ARRAYS",
    "MAP_KEYS",
    "MAP_UNION",
    "MAP_VALUES",
    "MD5",
    "OCTET_LENGTH",
    "PARSE_JSON",
    "PARSE_URL",
    "PERCENTILE",
    "PI",
    "PRINTF",
    "RADIANS",
    "REGEXP",
    "REGEXP_COUNT",
    "REGEXP_EXTRACT",
    "REGEXP_EXTRACT_ALL",
    "REGEXP_INSTR",
    "REGEXP_REPLACE",
    "REGEXP_SUBSTR",
    "SHA1",
    "SHA2",
    "SHA224",
    "SHA256",
    "SHA384",
    "SHA512",
    "SIN",
    "SINH",
    "SOURCE_WATERMARK",
    "SPLIT",
    "STR_TO_MAP",
    "TAN",
    "TANH",
    "TO_CHAR",
    "TRY_PARSE_JSON",
    "TYPEOF",
    "URL_DECODE",
    "URL_ENCODE",
];

fn family(ty: &LogicalType) -> &'static str {
    match ty {
        _ if typing::is_text(ty) => "<CHARACTER>",
        _ if typing::is_numeric(ty) => "<NUMERIC>",
        _ if typing::is_bytes(ty) => "<BINARY>",
        _ if typing::is_timestamp(ty) => "<TIMESTAMP>",
        LogicalType::Boolean => "<BOOLEAN>",
        LogicalType::Date => "<DATE>",
        LogicalType::Time(_) => "<TIME>",
        LogicalType::Null => "<NULL>",
        _ => "<ANY>",
    }
}

/// Insertions, deletions and replacements from one to the other.
fn distance(a: &str, b: &str) -> usize {
    let b = b.as_bytes();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.iter().enumerate() {
            let next = (diagonal + usize::from(x != *y)).min(row[j] + 1).min(row[j + 1] + 1);
            diagonal = std::mem::replace(&mut row[j + 1], next);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests;
