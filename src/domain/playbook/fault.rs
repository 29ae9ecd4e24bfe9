//! What is wrong with a file, and where. Knows text and offsets, nothing of playbooks.

use std::fmt;

/// One fault of a file. Line and column start at 1; the column counts characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    pub line: usize,
    pub column: usize,
    /// What is wrong and how to mend it.
    pub message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "line {}, column {}: {}",
            self.line, self.column, self.message
        )
    }
}

/// Collects the faults of one text.
#[derive(Debug)]
pub struct Faults<'t> {
    text: &'t str,
    found: Vec<Fault>,
    /// Something is not there. Behind a line that does not parse it may be, so these wait.
    absent: Vec<Fault>,
    unparsed: Vec<Fault>,
}

impl<'t> Faults<'t> {
    pub const fn of(text: &'t str) -> Self {
        Self {
            text,
            found: Vec::new(),
            absent: Vec::new(),
            unparsed: Vec::new(),
        }
    }

    pub const fn text(&self) -> &'t str {
        self.text
    }

    /// Adds a fault at a byte offset of the text.
    pub fn add(&mut self, at: usize, message: impl Into<String>) {
        self.found.push(self.fault(at, message));
    }

    /// Adds that something is not there.
    pub fn add_absence(&mut self, at: usize, message: impl Into<String>) {
        self.absent.push(self.fault(at, message));
    }

    /// Adds that the text does not parse at this place.
    pub fn add_unparsed(&mut self, at: usize, message: impl Into<String>) {
        self.unparsed.push(self.fault(at, message));
    }

    fn fault(&self, at: usize, message: impl Into<String>) -> Fault {
        let (line, column) = position(self.text, at);
        Fault {
            line,
            column,
            message: message.into(),
        }
    }

    /// All of them, in the order of the file; what was found twice stands once. Where lines do not parse,
    /// what seems absent, or stands on those very lines, is left out: it is only their consequence.
    pub fn sorted(self) -> Vec<Fault> {
        let Self {
            mut found,
            mut absent,
            mut unparsed,
            ..
        } = self;
        if unparsed.is_empty() {
            found.append(&mut absent);
        } else {
            found.retain(|fault| unparsed.iter().all(|line| line.line != fault.line));
            found.append(&mut unparsed);
        }
        found.sort();
        found.dedup();
        found
    }
}

/// Line and column of a byte offset; an offset inside a character counts as its start.
pub fn position(text: &str, at: usize) -> (usize, usize) {
    let before = text
        .char_indices()
        .take_while(|(start, c)| start + c.len_utf8() <= at)
        .map(|(_, c)| c);
    before.fold((1, 1), |(line, column), c| match c {
        '\n' => (line + 1, 1),
        _ => (line, column + 1),
    })
}

/// The candidate that was probably meant, for "did you mean".
pub fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    candidates
        .into_iter()
        .map(|c| (distance(word, c), c))
        .filter(|(d, c)| *d <= 2.max(c.len() / 4))
        .min()
        .map(|(_, c)| c)
}

/// Edit distance, by the row method.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        let mut next = vec![left];
        for (y, above) in b.chars().zip(row.iter().skip(1)) {
            left = (diagonal + usize::from(x != y))
                .min(above + 1)
                .min(left + 1);
            diagonal = *above;
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_lines_start_at_one() {
        assert_eq!(position("ab\ncd", 0), (1, 1));
        assert_eq!(position("ab\ncd", 4), (2, 2));
        assert_eq!(position("é→x", "é→".len()), (1, 3));
        assert_eq!(position("ab", 99), (1, 3));
    }

    #[test]
    fn a_misspelt_word_finds_its_neighbour_and_a_strange_one_none() {
        assert_eq!(nearest("titel", ["title", "text"]), Some("title"));
        assert_eq!(nearest("wibble", ["title", "text"]), None);
        assert_eq!(nearest("stge", ["stages", "stage"]), Some("stage"));
    }

    #[test]
    fn a_fault_reads_as_line_column_and_sentence() {
        let mut faults = Faults::of("a\nb = 1");
        faults.add(2, "unknown key `b`; remove it");
        let all: Vec<String> = faults.sorted().iter().map(ToString::to_string).collect();
        assert_eq!(all, ["line 2, column 1: unknown key `b`; remove it"]);
    }
}
