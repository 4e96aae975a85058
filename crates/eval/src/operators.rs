//! The operators and keywords of expressions.

/// `IS NULL` and its kin: never NULL themselves. `IS UNKNOWN` is [`Test::Null`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Test {
    Null,
    NotNull,
    True,
    NotTrue,
    False,
    NotFalse,
}

impl Test {
    pub(crate) fn sql(self) -> &'static str {
        match self {
            Self::Null => "IS NULL",
            Self::NotNull => "IS NOT NULL",
            Self::True => "IS TRUE",
            Self::NotTrue => "IS NOT TRUE",
            Self::False => "IS FALSE",
            Self::NotFalse => "IS NOT FALSE",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompareOp {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    /// `IS DISTINCT FROM`: NULL equals NULL.
    Distinct,
    /// `IS NOT DISTINCT FROM`
    NotDistinct,
}

impl CompareOp {
    pub(crate) fn sql(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "<>",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Distinct => "IS DISTINCT FROM",
            Self::NotDistinct => "IS NOT DISTINCT FROM",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArithmeticOp {
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
}

impl ArithmeticOp {
    pub(crate) fn sql(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Modulo => "%",
        }
    }
}

/// A unit of time, as `EXTRACT`, `FLOOR … TO`, `TIMESTAMPADD` and intervals name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TimeUnit {
    Millennium,
    Century,
    Decade,
    Year,
    IsoYear,
    Quarter,
    Month,
    Week,
    Day,
    DayOfWeek,
    IsoDayOfWeek,
    DayOfYear,
    Hour,
    Minute,
    Second,
    Millisecond,
    Microsecond,
    Nanosecond,
    Epoch,
}

impl TimeUnit {
    const NAMES: [(&'static str, Self); 19] = [
        ("MILLENNIUM", Self::Millennium),
        ("CENTURY", Self::Century),
        ("DECADE", Self::Decade),
        ("YEAR", Self::Year),
        ("ISOYEAR", Self::IsoYear),
        ("QUARTER", Self::Quarter),
        ("MONTH", Self::Month),
        ("WEEK", Self::Week),
        ("DAY", Self::Day),
        ("DOW", Self::DayOfWeek),
        ("ISODOW", Self::IsoDayOfWeek),
        ("DOY", Self::DayOfYear),
        ("HOUR", Self::Hour),
        ("MINUTE", Self::Minute),
        ("SECOND", Self::Second),
        ("MILLISECOND", Self::Millisecond),
        ("MICROSECOND", Self::Microsecond),
        ("NANOSECOND", Self::Nanosecond),
        ("EPOCH", Self::Epoch),
    ];

    /// By keyword, whatever its case; also `SQL_TSI_…` as `TIMESTAMPADD` has it.
    pub fn by_name(name: &str) -> Option<Self> {
        let upper = name.to_ascii_uppercase();
        let plain = upper.strip_prefix("SQL_TSI_").unwrap_or(&upper);
        Self::NAMES.iter().find(|(known, _)| *known == plain).map(|(_, unit)| *unit)
    }

    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(_, unit)| *unit == self).map_or("UNIT", |(name, _)| name)
    }
}

/// Which ends `TRIM` works on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrimSide {
    Both,
    Leading,
    Trailing,
}

/// What a cast does with a value that has no counterpart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CastFailure {
    /// `CAST`
    Error,
    /// `TRY_CAST`
    Null,
}

/// An argument of a function that is a keyword rather than a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Symbol {
    Unit(TimeUnit),
    Trim(TrimSide),
    Escape(Option<char>),
}
