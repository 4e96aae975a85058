//! The arithmetic at start: fixed costs, shares and floors against the budget. What does not fit is refused with the
//! number to change; what fits can be printed.

use std::fmt;

use base::{ByteCount, Error, Result};

use crate::budget::Budget;

/// What a line of the arithmetic is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CostKind {
    /// What the process costs before it holds any data.
    Fixed,
    /// A part of the budget with accounts of its own.
    Share,
    /// The largest unit of a stage.
    Floor,
}

/// One line of the arithmetic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cost {
    pub name: String,
    pub bytes: ByteCount,
    pub kind: CostKind,
    /// The option that sizes it, where one does.
    pub setting: Option<String>,
}

/// Everything that is spoken for, and what is left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arithmetic {
    /// The share that this is about; `None` for the whole process.
    pub share: Option<String>,
    pub limit: ByteCount,
    pub costs: Vec<Cost>,
}

impl Budget {
    /// What is spoken for now; [`Arithmetic`] displays as a table.
    pub fn arithmetic(&self) -> Arithmetic {
        let fixed = self.fixed_costs().into_iter().map(|(name, bytes)| Cost::new(name, bytes, CostKind::Fixed));
        let shares = self.shares();
        let shares = shares
            .iter()
            .map(|share| Cost::new(share.name().unwrap_or_default().to_owned(), share.limit(), CostKind::Share));
        let entries = self.entries();
        let floors = entries.iter().filter(|entry| entry.floor() > 0).map(|entry| Cost {
            setting: entry.setting.clone(),
            ..Cost::new(entry.name.clone(), ByteCount(entry.floor()), CostKind::Floor)
        });
        let costs = fixed.chain(shares).chain(floors).collect();
        Arithmetic { share: self.name().map(str::to_owned), limit: self.limit(), costs }
    }

    /// Refuses a budget that cannot hold fixed costs, shares and floors, with the arithmetic.
    pub fn check(&self) -> Result<()> {
        self.arithmetic().verdict()?;
        self.shares().iter().try_for_each(Self::check)
    }
}

impl Cost {
    fn new(name: String, bytes: ByteCount, kind: CostKind) -> Self {
        Self { name, bytes, kind, setting: None }
    }
}

impl Arithmetic {
    /// What fixed costs, shares and floors come to.
    pub fn committed(&self) -> ByteCount {
        self.costs.iter().map(|cost| cost.bytes).fold(ByteCount::ZERO, ByteCount::saturating_add)
    }

    /// What is left to be lent.
    pub fn pool(&self) -> ByteCount {
        self.limit.saturating_sub(self.committed())
    }

    /// Whether it fits; the error says what to change.
    pub fn verdict(&self) -> Result<()> {
        let committed = self.committed();
        if committed <= self.limit {
            return Ok(());
        }
        let lacking = whole_mib(committed.saturating_sub(self.limit));
        let error = match &self.share {
            None => Error::user(format!("{committed} of memory are needed, and the budget is {}", self.limit))
                .hint(format!("give it --memory {} or more", whole_mib(committed))),
            Some(share) => {
                Error::user(format!("'{share}' needs {committed} of memory, and its share is {}", self.limit))
                    .hint(format!("raise --memory by {lacking} or more"))
            }
        };
        Err(error.detail(self.lines().join("\n")))
    }

    fn lines(&self) -> Vec<String> {
        let describe = |cost: &Cost| match (cost.kind, &cost.setting) {
            (CostKind::Fixed, _) => format!("{} (fixed)", cost.name),
            (CostKind::Share, _) => format!("{} (share)", cost.name),
            (CostKind::Floor, Some(setting)) => format!("{} (sized by {setting})", cost.name),
            (CostKind::Floor, None) => cost.name.clone(),
        };
        self.costs.iter().map(|cost| format!("{:>10}  {}", cost.bytes.to_string(), describe(cost))).collect()
    }
}

impl fmt::Display for Arithmetic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in self.lines() {
            writeln!(f, "{line}")?;
        }
        let of = self.share.as_ref().map_or_else(String::new, |share| format!(" of '{share}'"));
        writeln!(f, "{:>10}  needed at least", self.committed().to_string())?;
        writeln!(f, "{:>10}  pool, lent to whoever can use more", self.pool().to_string())?;
        write!(f, "{:>10}  budget{of}", self.limit.to_string())
    }
}

/// Rounded up to MiB: what a hint names must be enough, and readable by `--memory`.
fn whole_mib(bytes: ByteCount) -> ByteCount {
    ByteCount::mib(bytes.0.div_ceil(1 << 20))
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::AccountOptions;

    #[test]
    fn the_table_adds_up_and_a_budget_too_small_is_refused_with_the_number() {
        let budget = Budget::new(ByteCount::mib(64));
        budget.fixed("code and runtime", ByteCount::mib(14));
        let share = budget.share("broker", ByteCount::mib(16));
        let _log = share.account("broker/append", ByteCount::mib(2));
        let floor = ByteCount::kib(1536);
        let setting = Some("properties.fetch.max.bytes".to_owned());
        let _fetch = budget.account_with(AccountOptions { name: "source/orders/fetch".to_owned(), floor, setting });
        budget.check().unwrap();
        assert_eq!(
            budget.arithmetic().to_string(),
            "     14MiB  code and runtime (fixed)
     16MiB  broker (share)
    1.5MiB  source/orders/fetch (sized by properties.fetch.max.bytes)
   31.5MiB  needed at least
   32.5MiB  pool, lent to whoever can use more
     64MiB  budget"
        );

        let _big = budget.account("sink/orders/run", ByteCount::mib(33));
        let error = budget.check().unwrap_err();
        assert_eq!(error.message(), "64.5MiB of memory are needed, and the budget is 64MiB");
        assert_eq!(error.hint_text(), Some("give it --memory 65MiB or more"));
        assert!(error.detail_text().unwrap().contains("     33MiB  sink/orders/run"));
    }

    #[test]
    fn a_share_too_small_for_its_floors_is_refused() {
        let budget = Budget::new(ByteCount::mib(64));
        let share = budget.share("broker", ByteCount::mib(4));
        let _floor = share.account("broker/append", ByteCount::mib(6));
        let error = budget.check().unwrap_err();
        assert_eq!(error.message(), "'broker' needs 6MiB of memory, and its share is 4MiB");
        assert_eq!(error.hint_text(), Some("raise --memory by 2MiB or more"));
    }
}
