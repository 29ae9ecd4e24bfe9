//! Criteria: CEL expressions, parsed once, evaluated over facts. An expression that cannot be evaluated
//! says so; it is never false. Knows nothing of files and incidents.

use super::definition::Criterion;
use super::facts::{Facts, PERSON};
use super::guard;
use super::words;
use cel::extensions;
use cel::{Env, Program, Value};
use std::fmt;
use std::sync::{Arc, LazyLock};

/// An expression in characters; longer ones are refused, because evaluation cannot be stopped.
pub const LONGEST: usize = 2_000;

/// Opening brackets and question marks of an expression, nested or not: the parser goes down the stack for each.
const MOST_BRACKETS: usize = 60;
/// Stack for reading one expression. Each bracket took up to 150 KiB in a debug build, and a worker thread has 2 MiB.
const STACK_BYTES: usize = 32 * 1024 * 1024;

/// The functions an expression may use, besides operators.
static ENV: LazyLock<Arc<Env>> = LazyLock::new(|| {
    let mut env = Env::stdlib();
    // Both fail only on a name that is taken; the tests use what they add.
    let _ = env.add_extension(extensions::strings);
    let _ = env.add_extension(words::extension);
    Arc::new(env)
});

pub(super) fn env() -> Arc<Env> {
    Arc::clone(&ENV)
}

/// A parsed expression that answers yes or no. Cheap to clone; keeps its source.
#[derive(Clone)]
pub struct Expr {
    program: Arc<Program>,
    source: Arc<str>,
    asks_person: bool,
    beyond_count: Option<&'static str>,
}

/// What is wrong with an expression, at a byte offset of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExprFault {
    pub at: usize,
    pub message: String,
}

/// What an expression says about facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Truth {
    True,
    False,
    /// Why it could not be evaluated. Shown, never taken for false.
    NotEvaluated(String),
}

impl Expr {
    /// Parses and proves it: length, no nested comprehension, known names and functions only, and a yes or no
    /// on a full and an empty sample.
    pub fn parse(source: &str) -> Result<Self, Vec<ExprFault>> {
        if let Some(message) = too_large(source) {
            return Err(vec![ExprFault { at: 0, message }]);
        }
        let source: Arc<str> = Arc::from(source);
        let program = with_stack(&source)?;
        Ok(Self {
            asks_person: guard::mentions(program.expression(), PERSON),
            beyond_count: guard::beyond_count(program.expression()),
            program: Arc::new(program),
            source,
        })
    }

    /// Whether the answer depends on the person's history, which only the transaction knows for certain.
    pub const fn asks_person(&self) -> bool {
        self.asks_person
    }

    /// The fact that it compares with more than is ever counted, where it does.
    pub const fn beyond_count(&self) -> Option<&'static str> {
        self.beyond_count
    }

    pub fn source(&self) -> &str {
        &self.source
    }

    pub fn eval(&self, facts: &Facts) -> Truth {
        match self.program.execute(&facts.context()) {
            Ok(Value::Bool(true)) => Truth::True,
            Ok(Value::Bool(false)) => Truth::False,
            Ok(other) => Truth::NotEvaluated(format!("gives a {}, not yes or no", other.type_of())),
            Err(error) => Truth::NotEvaluated(error.to_string()),
        }
    }
}

impl fmt::Debug for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Expr").field(&self.source).finish()
    }
}

impl PartialEq for Expr {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl Eq for Expr {}

/// Before the parser sees it: some texts would exhaust its stack.
fn too_large(source: &str) -> Option<String> {
    let length = source.chars().count();
    let brackets = source.matches(['(', '[', '{', '?']).count();
    if length > LONGEST {
        Some(format!(
            "the expression has {length} characters; shorten it to {LONGEST} or split the criterion"
        ))
    } else if brackets > MOST_BRACKETS {
        Some(format!(
            "the expression opens {brackets} brackets; at most {MOST_BRACKETS} are read, so split the criterion"
        ))
    } else {
        None
    }
}

/// Reads and proves on a thread of its own, because the parser's descent would overflow the caller's stack.
fn with_stack(source: &Arc<str>) -> Result<Program, Vec<ExprFault>> {
    let text = Arc::clone(source);
    let unread = || {
        vec![ExprFault {
            at: 0,
            message: "the expression could not be read; write it more simply".to_owned(),
        }]
    };
    std::thread::Builder::new()
        .stack_size(STACK_BYTES)
        .spawn(move || proven(&text))
        .map_err(|_| unread())?
        .join()
        .unwrap_or_else(|_| Err(unread()))
}

fn proven(source: &str) -> Result<Program, Vec<ExprFault>> {
    let program = ENV
        .compile(source)
        .map_err(|errors| syntax(source, &errors))?;
    let faults = guard::faults(&program);
    if faults.is_empty() {
        Ok(program)
    } else {
        Err(faults)
    }
}

fn syntax(source: &str, errors: &cel::ParseErrors) -> Vec<ExprFault> {
    errors
        .errors
        .iter()
        .map(|error| ExprFault {
            at: offset(source, error.pos),
            message: format!("the expression does not parse: {}", plain(&error.msg)),
        })
        .collect()
}

/// The parser's message without its list of every token that might have followed.
fn plain(message: &str) -> String {
    let line = message.lines().next().unwrap_or_default();
    let line = line.split(" expecting ").next().unwrap_or_default();
    line.trim_start_matches("Syntax error: ")
        .replace(
            "mismatched input '<EOF>'",
            "it ends where something must follow",
        )
        .replace("'<EOF>'", "the end")
}

/// Byte offset of a line and column that both start at 1; the column counts characters.
fn offset(source: &str, (line, column): (isize, isize)) -> usize {
    let skipped = usize::try_from(line - 1).unwrap_or_default();
    let start: usize = source
        .split_inclusive('\n')
        .take(skipped)
        .map(str::len)
        .sum();
    let column = usize::try_from(column - 1).unwrap_or_default();
    let rest = source.get(start..).unwrap_or_default();
    start + rest.chars().take(column).map(char::len_utf8).sum::<usize>()
}

/// What the program says about a criterion. A person confirms it in any case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Evaluation {
    /// With the facts to show beside it: label and value.
    Met {
        facts: Vec<(String, String)>,
    },
    NotMet,
    NotEvaluated(String),
    /// It has no expression: a person decides.
    Asked,
}

impl Criterion {
    /// Whether its finding, or what is shown beside it, depends on the person's history.
    pub fn asks_person(&self) -> bool {
        let shown = |path: &str| path.split('.').next() == Some(PERSON);
        let when = self.when.as_ref();
        when.is_some_and(|when| when.asks_person() || self.facts.iter().any(|f| shown(&f.path)))
    }

    pub fn evaluate(&self, facts: &Facts) -> Evaluation {
        let Some(when) = &self.when else {
            return Evaluation::Asked;
        };
        match when.eval(facts) {
            Truth::True => Evaluation::Met {
                facts: self
                    .facts
                    .iter()
                    .map(|shown| (shown.label.clone(), facts.shown(&shown.path)))
                    .collect(),
            },
            Truth::False => Evaluation::NotMet,
            Truth::NotEvaluated(reason) => Evaluation::NotEvaluated(reason),
        }
    }
}

#[cfg(test)]
mod tests;
