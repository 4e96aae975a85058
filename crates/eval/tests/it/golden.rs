//! The golden file: tables with their rows, and expressions over them with Flink's type and values. `tests/oracle` writes it.

/// A table with the cases over it.
#[derive(Debug, Default)]
pub(crate) struct Table {
    pub(crate) settings: Vec<(String, String)>,
    /// Name and SQL type.
    pub(crate) columns: Vec<(String, String)>,
    /// `None` is NULL.
    pub(crate) rows: Vec<Vec<Option<String>>>,
    pub(crate) cases: Vec<Case>,
}

#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) sql: String,
    pub(crate) answer: Answer,
}

#[derive(Debug)]
pub(crate) enum Answer {
    /// The validator's message.
    Refused(String),
    /// The type, and a cell per row; errors begin with `!`.
    Values { ty: String, cells: Vec<String> },
}

pub(crate) fn read(text: &str) -> Vec<Table> {
    let mut tables: Vec<Table> = Vec::new();
    let mut lines = text.lines();
    let mut settings = Vec::new();
    while let Some(line) = lines.next() {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "set" => settings.push(rest.split_once('=').map(|(k, v)| (k.to_owned(), v.to_owned())).expect("key=value")),
            "table" => tables.push(Table { settings: settings.clone(), ..Table::default() }),
            "column" => {
                let (name, ty) = rest.split_once(' ').expect("name and type");
                tables.last_mut().expect("a table").columns.push((name.to_owned(), ty.to_owned()));
            }
            "row" => {
                let cells = rest.split('\t').map(|cell| (cell != "NULL").then(|| unescape(cell))).collect();
                tables.last_mut().expect("a table").rows.push(cells);
            }
            "?" => {
                let answer = lines.next().expect("an answer");
                let answer = match answer.split_once(' ').expect("an answer") {
                    ("!", message) => Answer::Refused(
                        message.split_once(": ").map_or(message, |(_, message)| message).replace(" ⏎ ", "\n"),
                    ),
                    (_, ty) => {
                        let cells = lines.next().and_then(|line| line.strip_prefix("= ")).expect("values");
                        let cells = cells.split('\t').map(str::to_owned).collect();
                        Answer::Values { ty: ty.to_owned(), cells }
                    }
                };
                tables.last_mut().expect("a table").cases.push(Case { sql: rest.to_owned(), answer });
            }
            "#" | "" => {}
            other => panic!("unknown line '{other} {rest}'"),
        }
    }
    tables
}

/// The expressions of which we differ on purpose.
pub(crate) fn deviations(text: &str) -> Vec<&str> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.split_once('\t').expect("an expression and a reason").0).collect()
}

fn unescape(cell: &str) -> String {
    cell.replace("\\t", "\t").replace("\\n", "\n").replace("\\0", "\0").replace("\\\\", "\\")
}
