//! Statements → [`flow::JobPlan`].
//!
//! In the order of the work: `settings` (SET, before anything else, since they hold for the whole job), then statement by
//! statement (`statements`, with `planner` for what is known between them): `namespace` (what names mean); `table`,
//! `options` and `connector` (CREATE TABLE); `ddl` and `due` (what to do in catalogs); and for each INSERT `insert`:
//! `scope` and `resolve` (which columns), `expr` (types, onto `eval`), `query` (table and transforms), `store`, `key` and
//! `sink` (what arrives, and whether the sink can take it), `prune` (only what is used).
//!
//! Invariants: nothing is created anywhere before the whole job is planned without an error, and in [`Mode::Check`] never.

mod connector;
mod ddl;
mod due;
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
mod statements;
mod store;
mod table;

pub use settings::Overrides;
pub use single::expression;
pub use statements::{Mode, Planned, plan};
