//! SELECT → the table it reads, the transforms on the way, and what the query itself computes.

use std::sync::Arc;

use eval::Expr;
use flow::SourceInstance;
use flow::plan::TransformPlan;
use rows::{Changelog, Field, Schema};

use super::expr::typed;
use super::key::{carried_key, names};
use super::namespace::Object;
use super::planner::Planner;
use super::prune::prune;
use super::resolve::{carried_field, resolve};
use super::scope::Scope;
use super::table::{Table, View};
use crate::ast::{self, ExprKind, Ident, Relation, RelationKind, Select, SelectItem};
use crate::text::{Diagnostic, Errors, Span};

/// Rows on their way from a table.
#[derive(Clone, Debug)]
pub(super) struct Stream {
    /// With the options of its hint.
    pub(super) table: Box<Table>,
    /// Where FROM names it.
    pub(super) span: Span,
    /// The first reads all fields of the table.
    pub(super) transforms: Vec<TransformPlan>,
    pub(super) schema: Schema,
    pub(super) changelog: Changelog,
}

/// A SELECT: what it reads, and its own filter and outputs over that.
#[derive(Debug)]
pub(super) struct Query {
    pub(super) input: Stream,
    pub(super) filter: Option<Expr>,
    pub(super) items: Vec<Item>,
    pub(super) span: Span,
}

/// An output.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) name: String,
    pub(super) expr: Expr,
    /// The input column whose value it hands on without loss.
    pub(super) carried: Option<usize>,
    pub(super) span: Span,
}

/// An output as written.
struct Wanted {
    name: String,
    expr: ast::Expr,
}

impl Planner<'_> {
    pub(super) fn query(&self, select: &Select) -> Result<Query, Errors> {
        let (input, scope) = self.relation(&select.from)?;
        let wanted = expand(&select.items, &scope)?;
        let mut errors = Errors::default();
        for expr in wanted.iter().map(|one| &one.expr).chain(&select.filter) {
            resolve(expr, &scope, &mut errors);
        }
        errors.or(())?;
        let mut errors = Errors::default();
        let filter = select.filter.as_ref().and_then(|filter| errors.take(predicate(filter, &scope)));
        let mut items = Vec::with_capacity(wanted.len());
        for Wanted { name, expr } in wanted {
            if let Some(typed) = errors.take(typed(&expr, &scope)) {
                items.push(Item { name, expr: typed, carried: carried_field(&expr, &scope), span: expr.span });
            }
        }
        errors.or(Query { input, filter, items, span: select.span })
    }

    /// What FROM names, and how its columns are called.
    fn relation(&self, from: &Relation) -> Result<(Stream, Scope), Errors> {
        let alias = from.alias.as_ref().map(|alias| alias.name.as_str());
        let (stream, mut scope) = match &from.kind {
            RelationKind::Query(query) => with_scope(self.query(query)?.into_stream()?, alias),
            RelationKind::Table { name, hints } => match self.names.lookup(name)? {
                Object::Table(table) => {
                    let table = self.with_hints(&table, hints, name.span)?;
                    let scope = Scope::of_table(&table, alias);
                    (self.table_stream(table, name.span)?, scope)
                }
                Object::View(view) => {
                    if let Some(hint) = hints.first() {
                        return Err(Diagnostic::error(hint.key.span, "a view takes no options").into());
                    }
                    let own_name = view.name.rsplit('.').next();
                    with_scope(self.view_query(&view, name.span)?, alias.or(own_name))
                }
                Object::Broken => return Err(Errors::default()),
            },
        };
        if let Some(columns) = &from.columns {
            scope.rename(columns)?;
        }
        Ok((stream, scope))
    }

    fn table_stream(&self, table: Table, span: Span) -> Result<Stream, Errors> {
        let factory = self.source_factory(&table, span)?;
        let changelog = factory.changelog(&table.def).map_err(|error| Errors::from(table.given.error(error, span)))?;
        if changelog == Changelog::Retract {
            let error = Diagnostic::error(
                span,
                format!("reading the changes of '{}' without a key is not supported yet", table.name),
            );
            return Err(error.hint("declare its PRIMARY KEY (…) NOT ENFORCED, so that its changes are upserts").into());
        }
        let schema = table.def.schema.clone();
        Ok(Stream { table: Box::new(table), span, transforms: Vec::new(), schema, changelog })
    }

    /// The rows of a view.
    pub(super) fn view_query(&self, view: &View, at: Span) -> Result<Stream, Errors> {
        let mut query = self.query(&view.query)?;
        if let Some(columns) = &view.columns {
            if columns.len() != query.items.len() {
                let message = format!("{} names for {} columns", columns.len(), query.items.len());
                return Err(Diagnostic::error(at, message).into());
            }
            for (item, name) in query.items.iter_mut().zip(columns) {
                item.name.clone_from(&name.name);
            }
        }
        for (at, item) in query.items.iter().enumerate() {
            if query.items.iter().take(at).any(|earlier| earlier.name == item.name) {
                let message = format!("A column with the same name '{}' has been defined before", item.name);
                return Err(Diagnostic::error(item.span, message).into());
            }
        }
        query.into_stream()
    }

    /// Asks the source of a finished stream for what the stream reads.
    pub(super) fn source(&self, stream: &mut Stream) -> Result<Arc<dyn SourceInstance>, Errors> {
        let used = prune(&mut stream.transforms);
        let Stream { table, span, .. } = stream;
        let planned = self.source_factory(table, *span)?.plan(&table.def, &used, &self.settings);
        planned.map(|planned| planned.instance).map_err(|error| table.given.error(error, *span).into())
    }
}

fn with_scope(stream: Stream, relation: Option<&str>) -> (Stream, Scope) {
    let scope = Scope::of_fields(stream.schema.fields.clone(), relation.map(str::to_owned));
    (stream, scope)
}

fn predicate(filter: &ast::Expr, scope: &Scope) -> Result<Expr, Errors> {
    let expr = typed(filter, scope)?;
    if *expr.ty() == rows::LogicalType::Boolean {
        return Ok(expr);
    }
    let error = Diagnostic::error(filter.span, format!("WHERE clause must be a condition, not of type {}", expr.ty()));
    Err(error.into())
}

/// The outputs with stars replaced by columns.
fn expand(items: &[SelectItem], scope: &Scope) -> Result<Vec<Wanted>, Errors> {
    let mut wanted = Vec::with_capacity(items.len());
    for item in items {
        match item {
            SelectItem::Star { qualifier, span } => {
                if let Some(qualifier) = qualifier {
                    scope.check_qualifier(qualifier)?;
                }
                for column in scope.columns() {
                    let ident = Ident { name: column.name.clone(), span: *span };
                    let expr = ast::Expr::leaf(ExprKind::Column(vec![ident]), *span);
                    wanted.push(Wanted { name: column.name.clone(), expr });
                }
            }
            SelectItem::Expr { expr, alias } => {
                let own = match &expr.kind {
                    ExprKind::Column(parts) => parts.last().map(|part| part.name.clone()),
                    _ => None,
                };
                let name = alias.as_ref().map(|alias| alias.name.clone()).or(own);
                let name = name.unwrap_or_else(|| format!("EXPR${}", wanted.len()));
                wanted.push(Wanted { name, expr: expr.clone() });
            }
        }
    }
    Ok(wanted)
}

impl Query {
    /// For each output the input column that it carries.
    pub(super) fn origins(&self) -> Vec<Option<usize>> {
        self.items.iter().map(|item| item.carried).collect()
    }

    /// As the input of another query.
    fn into_stream(self) -> Result<Stream, Errors> {
        self.check_outputs()?;
        let changelog = match &self.input.changelog {
            Changelog::Upsert(key) => match carried_key(key, &self.origins()) {
                Ok(key) => Changelog::Upsert(key),
                Err(missing) => return Err(self.lost_key(&missing).into()),
            },
            other => other.clone(),
        };
        let fields =
            self.items.iter().map(|item| Field::new(item.name.clone(), item.expr.ty().clone(), item.expr.nullable()));
        let key = if let Changelog::Upsert(key) = &changelog { key.clone() } else { Vec::new() };
        let output = Schema { fields: fields.collect(), key };
        let Self { mut input, filter, items, .. } = self;
        input.transforms.push(TransformPlan {
            input: input.schema,
            input_changelog: input.changelog,
            filter,
            project: items.into_iter().map(|item| item.expr).collect(),
            output: output.clone(),
            output_changelog: changelog.clone(),
        });
        Ok(Stream { schema: output, changelog, ..input })
    }

    /// What Flink refuses of the outputs of a query that is read by another.
    fn check_outputs(&self) -> Result<(), Errors> {
        let mut errors = Errors::default();
        for item in self.items.iter().filter(|item| *item.expr.ty() == rows::LogicalType::Null) {
            let error = Diagnostic::error(item.span, "Illegal use of 'NULL'");
            errors.push(error.hint("give it a type: CAST(NULL AS STRING)"));
        }
        errors.or(())
    }

    /// The error that a query over an upsert stream leaves out columns of its key.
    pub(super) fn lost_key(&self, missing: &[usize]) -> Diagnostic {
        let lost = names(&self.input.schema, missing);
        Diagnostic::error(self.span, format!("the query loses the key of '{}'", self.input.table.name))
            .detail(format!("its rows are updated and deleted by their key; the output lacks {lost}"))
            .hint(format!("select {lost} as plain columns"))
    }
}
