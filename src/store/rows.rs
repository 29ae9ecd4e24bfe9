//! Many rows in few round trips: each INSERT exists for up to 1, 4, 16, 64 and 256 rows, and those of several tables go to
//! SQLite together.

use super::{Connection, StoreError};
use sqlx::sqlite::SqliteArguments;
use sqlx::{AssertSqlSafe, Sqlite};

/// A statement with its parameters still to bind.
pub(super) type Bound = sqlx::query::Query<'static, Sqlite, SqliteArguments>;

/// One INSERT, by how many rows it takes at most. Its first parameter is how many there are; those that are bound to
/// nothing stand behind the limit.
pub(super) struct Insert(pub(super) [(usize, &'static str); 5]);

impl Insert {
    /// The most rows that one statement takes.
    fn most(&self) -> usize {
        let [.., (most, _)] = self.0;
        most
    }

    /// The smallest that takes so many, of at most [`Insert::most`].
    fn for_rows(&self, rows: usize) -> (usize, &'static str) {
        let [.., largest] = self.0;
        let mut sizes = self.0.iter().copied();
        sizes.find(|(size, _)| *size >= rows).unwrap_or(largest)
    }

    /// Parameters of one row.
    fn width(&self) -> usize {
        let [(_, one), ..] = self.0;
        one.matches('?').count().saturating_sub(1)
    }
}

/// An [`Insert`] from what stands before the rows, one row, and what stands behind them; all are literals.
macro_rules! insert {
    ($head:literal, $row:literal, $tail:literal) => {
        $crate::store::rows::Insert([
            (1, insert!(@around $head, ($row), $tail)),
            (4, insert!(@around $head, ($row, $row, $row, $row), $tail)),
            (16, insert!(@4 $head, ($row, $row, $row, $row), $tail)),
            (64, insert!(@16 $head, ($row, $row, $row, $row), $tail)),
            (256, insert!(@64 $head, ($row, $row, $row, $row), $tail)),
        ])
    };
    (@64 $head:literal, ($($row:literal),+), $tail:literal) => {
        insert!(@16 $head, ($($row),+, $($row),+, $($row),+, $($row),+), $tail)
    };
    (@16 $head:literal, ($($row:literal),+), $tail:literal) => {
        insert!(@4 $head, ($($row),+, $($row),+, $($row),+, $($row),+), $tail)
    };
    (@4 $head:literal, ($($row:literal),+), $tail:literal) => {
        insert!(@around $head, ($($row),+, $($row),+, $($row),+, $($row),+), $tail)
    };
    (@around $head:literal, ($first:literal $(, $row:literal)*), $tail:literal) => {
        concat!(
            "WITH given(many) AS (SELECT ?) ", $head, " SELECT * FROM (VALUES ", $first, $(",", $row,)*
            ") WHERE true LIMIT (SELECT many FROM given)", $tail, ";"
        )
    };
}
pub(super) use insert;

/// What several tables get, written in the order in which it was added.
#[derive(Default)]
pub struct Batch<'a> {
    parts: Vec<Part<'a>>,
    /// A table has more rows than one statement takes.
    large: bool,
}

/// One statement.
struct Part<'a> {
    sql: &'static str,
    bind: Box<dyn FnOnce(Bound) -> Bound + Send + 'a>,
}

impl<'a> Batch<'a> {
    /// Adds rows; `bind` gives one row's parameters in the statement's order.
    pub(super) fn add<T: Send + 'a>(
        &mut self,
        insert: &'static Insert,
        rows: impl IntoIterator<Item = T>,
        bind: impl Fn(Bound, T) -> Bound + Send + Copy + 'a,
    ) {
        let mut rows = rows.into_iter().peekable();
        while rows.peek().is_some() {
            let some: Vec<T> = rows.by_ref().take(insert.most()).collect();
            let count = some.len();
            self.large |= rows.peek().is_some();
            let (size, sql) = insert.for_rows(count);
            self.parts.push(Part {
                sql,
                bind: Box::new(move |query| {
                    let query = query.bind(i64::try_from(count).unwrap_or(0));
                    let query = some.into_iter().fold(query, bind);
                    let missing = size.saturating_sub(count) * insert.width();
                    (0..missing).fold(query, |query, _| query.bind(None::<i64>))
                }),
            });
        }
    }

    /// Adds another statement, of one parameter; it ends with a semicolon.
    pub(super) fn also(&mut self, sql: &'static str, parameter: String) {
        self.parts.push(Part {
            sql,
            bind: Box::new(move |query| query.bind(parameter)),
        });
    }

    /// Writes all of it: in one round trip, unless there are more rows than one statement of each table takes.
    pub async fn write(self, connection: &mut Connection) -> Result<(), StoreError> {
        if !self.large {
            return send(connection, self.parts).await;
        }
        for part in self.parts {
            send(connection, vec![part]).await?;
        }
        Ok(())
    }
}

/// One round trip.
async fn send(connection: &mut Connection, parts: Vec<Part<'_>>) -> Result<(), StoreError> {
    if parts.is_empty() {
        return Ok(());
    }
    let text: String = parts.iter().map(|part| part.sql).collect();
    // Put together from this program's literals alone.
    let query = sqlx::query(AssertSqlSafe(text));
    let query = parts
        .into_iter()
        .fold(query, |query, part| (part.bind)(query));
    query.execute(connection).await?;
    Ok(())
}
