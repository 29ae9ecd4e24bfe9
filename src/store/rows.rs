//! Many rows in few statements: each statement exists for 64, 16, 4 and 1 rows, so that a group of any size costs as many
//! round trips as it has binary digits, not as it has rows.

use super::{Connection, StoreError};
use sqlx::Sqlite;
use sqlx::sqlite::SqliteArguments;

/// A statement with its parameters still to bind.
pub(super) type Bound = sqlx::query::Query<'static, Sqlite, SqliteArguments>;

/// One INSERT, by how many rows it takes, the largest first.
pub(super) struct Insert(pub(super) [(usize, &'static str); 4]);

/// An [`Insert`] from what stands before the rows, one row, and what stands behind them; all are literals.
macro_rules! insert {
    ($head:literal, $row:literal, $tail:literal) => {
        $crate::store::rows::Insert([
            (64, insert!(@64 $head, $row, $tail)),
            (16, insert!(@16 $head, $row, $tail)),
            (4, concat!($head, $row, ",", $row, ",", $row, ",", $row, $tail)),
            (1, concat!($head, $row, $tail)),
        ])
    };
    (@4 $row:literal) => { concat!($row, ",", $row, ",", $row, ",", $row) };
    (@16 $head:literal, $row:literal, $tail:literal) => {
        concat!(
            $head, insert!(@4 $row), ",", insert!(@4 $row), ",",
            insert!(@4 $row), ",", insert!(@4 $row), $tail
        )
    };
    (@64 $head:literal, $row:literal, $tail:literal) => {
        concat!(
            $head,
            insert!(@4 $row), ",", insert!(@4 $row), ",", insert!(@4 $row), ",", insert!(@4 $row), ",",
            insert!(@4 $row), ",", insert!(@4 $row), ",", insert!(@4 $row), ",", insert!(@4 $row), ",",
            insert!(@4 $row), ",", insert!(@4 $row), ",", insert!(@4 $row), ",", insert!(@4 $row), ",",
            insert!(@4 $row), ",", insert!(@4 $row), ",", insert!(@4 $row), ",", insert!(@4 $row),
            $tail
        )
    };
}
pub(super) use insert;

/// Inserts every row, in order; `bind` gives one row's parameters in the statement's order.
pub(super) async fn insert_all<T>(
    connection: &mut Connection,
    insert: &Insert,
    rows: &[T],
    bind: impl Fn(Bound, &T) -> Bound,
) -> Result<(), StoreError> {
    let mut left = rows;
    for (size, sql) in insert.0 {
        while left.len() >= size {
            let (now, later) = left.split_at(size);
            let query = now.iter().fold(sqlx::query(sql), &bind);
            query.execute(&mut *connection).await?;
            left = later;
        }
    }
    Ok(())
}
