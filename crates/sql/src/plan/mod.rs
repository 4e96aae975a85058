//! Statements → [`flow::JobPlan`].
//!
//! In the order of the work: `settings` (SET, before anything else, since they hold for the whole job), then statement by
//! statement: `namespace` (what names mean), `table` and `options` (CREATE TABLE), `ddl` (what to do in catalogs), and for
//! each INSERT `insert`: `scope` and `resolve` (which columns), `expr` (types, onto `eval`), `query` (table and
//! transforms), `prune` (only what is used), `store`, `key` and `sink` (what
//! arrives, and whether the sink can take it).
//!
//! Invariants: nothing is created anywhere before the whole job is planned without an error, and in [`Mode::Check`] never.

mod connector;
mod ddl;
mod expr;
mod insert;
mod key;
mod namespace;
mod options;
mod planner;
mod prune;
mod query;
mod resolve;
mod scope;
mod settings;
mod single;
mod sink;
mod store;
mod table;

pub use planner::{Mode, Overrides, Planned, plan};
pub use single::expression;
