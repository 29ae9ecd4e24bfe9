//! Proves an expression before it may run: names, functions, shape, and a yes or no on the samples.
//! `cel` has no types and no limits of its own, and an error beside a true `||` would vanish.

use super::criterion::ExprFault;
use super::facts::{Facts, PERSON_COUNTS, Sample, known_path, paths_under};
use super::fault::nearest;
use super::rules::COUNTED;
use cel::common::ast::{EntryExpr, Expr as Ast, LiteralValue};
use cel::{Context, IdedExpr, Program, Value};

const FUNCTIONS: [&str; 14] = [
    "size",
    "contains",
    "startsWith",
    "endsWith",
    "mentions",
    "lowerAscii",
    "upperAscii",
    "timestamp",
    "duration",
    "int",
    "string",
    "getHours",
    "getDayOfWeek",
    "getFullYear",
];

/// What the parser makes of operators and of the macros `all`, `exists`, `exists_one`, `filter`, `map`.
const OPERATORS: [&str; 17] = [
    "_?_:_", "_&&_", "_||_", "!_", "_-_", "_+_", "_*_", "_/_", "_%_", "_==_", "_!=_", "_>=_",
    "_<=_", "_>_", "_<_", "-_", "@in",
];

/// Nodes below each other. Evaluation goes down the stack for each, on whatever thread asks.
const DEEPEST: usize = 20;

fn depth(node: &IdedExpr) -> usize {
    let below = parts(node).into_iter().map(depth).max();
    below.unwrap_or_default() + 1
}

/// The nodes right below a node.
fn parts(node: &IdedExpr) -> Vec<&IdedExpr> {
    match &node.expr {
        Ast::Ident(_) | Ast::Literal(_) | Ast::Struct(_) | Ast::Unspecified => Vec::new(),
        Ast::Select(select) => vec![&*select.operand],
        Ast::Call(call) => {
            let target = call.target.iter().map(AsRef::as_ref);
            target.chain(&call.args).collect()
        }
        Ast::Comprehension(inner) => vec![
            &inner.iter_range,
            &inner.accu_init,
            &inner.loop_cond,
            &inner.loop_step,
            &inner.result,
        ],
        Ast::List(list) => list.elements.iter().collect(),
        Ast::Map(map) => map.entries.iter().flat_map(entry_parts).collect(),
    }
}

fn entry_parts(entry: &cel::common::ast::IdedEntryExpr) -> Vec<&IdedExpr> {
    match &entry.expr {
        EntryExpr::MapEntry(entry) => vec![&entry.key, &entry.value],
        EntryExpr::StructField(field) => vec![&field.value],
    }
}

/// Whether a name occurs anywhere in the expression.
pub(super) fn mentions(node: &IdedExpr, name: &str) -> bool {
    matches!(&node.expr, Ast::Ident(own) if own == name)
        || parts(node).into_iter().any(|part| mentions(part, name))
}

/// The person's count that is compared with more than is counted: that says the same of everybody.
pub(super) fn beyond_count(node: &IdedExpr) -> Option<&'static str> {
    let own = || {
        let Ast::Call(call) = &node.expr else {
            return None;
        };
        let [left, right] = call.args.as_slice() else {
            return None;
        };
        let beyond = |number: &IdedExpr, strict: &str| {
            let least = if call.func_name == strict {
                COUNTED
            } else {
                COUNTED + 1
            };
            matches!(&number.expr, Ast::Literal(LiteralValue::Int(n)) if **n >= least)
        };
        person_count(left)
            .filter(|_| beyond(right, "_>_"))
            .or_else(|| person_count(right).filter(|_| beyond(left, "_<_")))
    };
    own().or_else(|| parts(node).into_iter().find_map(beyond_count))
}

fn person_count(node: &IdedExpr) -> Option<&'static str> {
    let Ast::Select(select) = &node.expr else {
        return None;
    };
    let Ast::Ident(root) = &select.operand.expr else {
        return None;
    };
    let named = |path: &&str| path.split_once('.') == Some((root, &select.field));
    PERSON_COUNTS.into_iter().find(named)
}

/// Every fault of a parsed expression, in its order.
pub(super) fn faults(program: &Program) -> Vec<ExprFault> {
    let mut guard = Guard {
        program,
        found: Vec::new(),
    };
    let depth = depth(program.expression());
    if depth > DEEPEST {
        guard.fault(
            program.expression(),
            format!("the expression is nested {depth} deep; at most {DEEPEST} is evaluated, so split the criterion"),
        );
        return guard.found;
    }
    guard.walk(program.expression(), &mut Vec::new());
    if guard.found.is_empty() {
        guard.samples(program.expression());
    }
    guard.found
}

/// Where a person sees the node begin: the parser puts `a.b` at its dot and a macro at its parenthesis.
fn first_part(node: &IdedExpr) -> &IdedExpr {
    match &node.expr {
        Ast::Select(select) => first_part(&select.operand),
        Ast::Comprehension(inner) => first_part(&inner.iter_range),
        Ast::Call(call) => call
            .target
            .as_ref()
            .map_or(node, |target| first_part(target)),
        Ast::Ident(_)
        | Ast::List(_)
        | Ast::Literal(_)
        | Ast::Map(_)
        | Ast::Struct(_)
        | Ast::Unspecified => node,
    }
}

struct Guard<'p> {
    program: &'p Program,
    found: Vec<ExprFault>,
}

impl Guard<'_> {
    fn fault(&mut self, node: &IdedExpr, message: String) {
        let first = first_part(node);
        let info = self.program.source_info();
        let chars = info
            .offset_for(first.id)
            .map_or(0, |(start, _)| start as usize);
        let at: usize = info.source.chars().take(chars).map(char::len_utf8).sum();
        // The parser puts a call at its parenthesis.
        let before = info.source.get(..at).unwrap_or_default();
        let named = if let Ast::Call(call) = &first.expr
            && before.ends_with(&call.func_name)
        {
            call.func_name.len()
        } else {
            0
        };
        let at = at - named;
        self.found.push(ExprFault { at, message });
    }

    /// `scope` holds the variables of the comprehension around the node.
    fn walk(&mut self, node: &IdedExpr, scope: &mut Vec<String>) {
        match &node.expr {
            Ast::Ident(name) => self.name(node, name, scope),
            Ast::Select(_) => self.select(node, scope),
            Ast::Call(call) => {
                let name = call.func_name.as_str();
                let of_macro = !scope.is_empty() && name == "@not_strictly_false";
                if !(of_macro || OPERATORS.contains(&name) || FUNCTIONS.contains(&name)) {
                    self.fault(
                        node,
                        format!(
                            "unknown function `{name}`; the functions are {}",
                            FUNCTIONS.join(", ")
                        ),
                    );
                }
                for part in call.target.iter().map(AsRef::as_ref).chain(&call.args) {
                    self.walk(part, scope);
                }
            }
            Ast::Comprehension(inner) => {
                if !scope.is_empty() {
                    self.fault(
                        node,
                        "a comprehension inside a comprehension can run without end; split the criterion"
                            .to_owned(),
                    );
                    return;
                }
                let mut own = vec![inner.iter_var.clone(), inner.accu_var.clone()];
                own.extend(inner.iter_var2.clone());
                self.walk(&inner.iter_range, &mut own.clone());
                for part in [
                    &inner.accu_init,
                    &inner.loop_cond,
                    &inner.loop_step,
                    &inner.result,
                ] {
                    self.walk(part, &mut own);
                }
            }
            Ast::List(list) => {
                for element in &list.elements {
                    self.walk(element, scope);
                }
            }
            Ast::Map(map) => {
                for entry in &map.entries {
                    if let EntryExpr::MapEntry(entry) = &entry.expr {
                        self.walk(&entry.key, scope);
                        self.walk(&entry.value, scope);
                    }
                }
            }
            Ast::Literal(_) => {}
            Ast::Struct(_) | Ast::Unspecified => {
                self.fault(
                    node,
                    "objects cannot be made in a criterion; compare the facts directly".to_owned(),
                );
            }
        }
    }

    fn name(&mut self, node: &IdedExpr, name: &str, scope: &[String]) {
        if scope.iter().any(|own| own == name) || known_path(name) {
            return;
        }
        let message = if paths_under(name).next().is_some() {
            format!(
                "`{name}` is a group of facts; say which, as in `{name}.{}`",
                { paths_under(name).next().unwrap_or_default() }
            )
        } else {
            format!(
                "unknown name `{name}`; the facts are under alert, incident, person, repeat, and now"
            )
        };
        self.fault(node, message);
    }

    fn select(&mut self, node: &IdedExpr, scope: &mut Vec<String>) {
        let Ast::Select(select) = &node.expr else {
            return;
        };
        let Ast::Ident(root) = &select.operand.expr else {
            self.walk(&select.operand, scope);
            self.fault(
                node,
                format!("`.{}` reaches into a value that has no parts", select.field),
            );
            return;
        };
        if scope.iter().any(|own| own == root) || paths_under(root).next().is_none() {
            self.walk(&select.operand, scope);
            return;
        }
        if !known_path(&format!("{root}.{}", select.field)) {
            let hint = nearest(&select.field, paths_under(root))
                .map(|near| format!("; did you mean `{root}.{near}`?"))
                .unwrap_or_default();
            self.fault(
                node,
                format!("unknown fact `{root}.{}`{hint}", select.field),
            );
        }
    }

    /// The whole on both samples; each side of `&&` and `||` by itself on the full one, because an
    /// error beside the deciding side does not show.
    fn samples(&mut self, node: &IdedExpr) {
        self.sides(node, &Facts::sample(Sample::Full).context());
        if self.found.is_empty() {
            self.yes_or_no(node, &Facts::sample(Sample::Empty).context(), "an empty");
        }
    }

    fn sides(&mut self, node: &IdedExpr, full: &Context<'_, '_>) {
        let before = self.found.len();
        if let Ast::Call(call) = &node.expr
            && matches!(call.func_name.as_str(), "_&&_" | "_||_" | "!_")
        {
            for side in &call.args {
                self.sides(side, full);
            }
        }
        if self.found.len() == before {
            self.yes_or_no(node, full, "a full");
        }
    }

    fn yes_or_no(&mut self, node: &IdedExpr, context: &Context<'_, '_>, sample: &str) {
        match context.resolve(node) {
            Ok(Value::Bool(_)) => {}
            Ok(other) => self.fault(
                node,
                format!(
                    "gives a {}, not yes or no; compare it with something",
                    other.type_of()
                ),
            ),
            Err(error) => self.fault(
                node,
                format!("cannot be evaluated on {sample} sample: {error}"),
            ),
        }
    }
}

#[cfg(test)]
mod tests;
