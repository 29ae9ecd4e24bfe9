//! Rust sources as the laws read them: comments, texts and test code blanked out, line numbers kept.

use std::path::{Path, PathBuf};

/// One file of `src` or `tests`.
pub struct Source {
    /// From the root of the package, with `/`.
    pub path: String,
    pub text: String,
    /// The text with comments and the contents of literals as blanks.
    pub code: String,
    /// Whether the whole file is test code: declared behind `#[cfg(test)]`, or below such a file.
    pub test: bool,
}

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file below a folder of the package whose name ends so, sorted.
pub fn files(folder: &str, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().ends_with(ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    assert!(!found.is_empty(), "no {ending} below {folder}");
    found
}

pub fn relative(path: &Path) -> String {
    let inside = path.strip_prefix(root()).unwrap();
    inside.to_string_lossy().replace('\\', "/")
}

/// Every Rust source below the folders.
pub fn sources(folders: &[&str]) -> Vec<Source> {
    let paths = folders.iter().flat_map(|folder| files(folder, ".rs"));
    let mut all: Vec<Source> = paths
        .map(|path| source(relative(&path), std::fs::read_to_string(&path).unwrap()))
        .collect();
    let modules: Vec<String> = all.iter().flat_map(Source::test_modules).collect();
    for source in &mut all {
        let own = source.path.trim_end_matches(".rs").to_owned();
        source.test = source.path.starts_with("tests/")
            || modules
                .iter()
                .any(|module| own == *module || own.starts_with(&format!("{module}/")));
    }
    all
}

/// A file by its path and text, taken for production code.
pub fn source(path: String, text: String) -> Source {
    Source {
        path,
        code: blank(&text),
        text,
        test: false,
    }
}

impl Source {
    /// The top-level module it belongs to: `store` for `src/store/open.rs`, `cli` for `src/cli.rs`.
    pub fn room(&self) -> &str {
        let inside = self.path.trim_start_matches("src/");
        let first = inside.split('/').next().unwrap();
        first.trim_end_matches(".rs")
    }

    /// The paths, without ending, of the modules in files of their own that are declared behind `#[cfg(test)]`.
    fn test_modules(&self) -> Vec<String> {
        let stem = self.path.trim_end_matches(".rs");
        let folder = ["/mod", "/lib", "/main"]
            .iter()
            .find_map(|end| stem.strip_suffix(end))
            .unwrap_or(stem);
        let declared = self.code.split("#[cfg(test)]").skip(1).filter_map(|after| {
            let item = after.trim_start().trim_start_matches("pub(crate) ");
            let (name, _) = item.strip_prefix("mod ")?.split_once(';')?;
            Some(name).filter(|name| !name.contains('{'))
        });
        declared.map(|name| format!("{folder}/{name}")).collect()
    }

    /// The code without its test modules.
    pub fn production(&self) -> String {
        if self.test {
            return String::new();
        }
        let mut code = self.code.clone();
        while let Some(start) = code.find("#[cfg(test)]") {
            let rest = &code[start..];
            let body = rest.find(['{', ';']).unwrap();
            let end = if rest[body..].starts_with(';') {
                body
            } else {
                body + closing(&rest[body..])
            };
            let range = start..=start + end;
            let blanked = spaces(&code[range.clone()]);
            code.replace_range(range, &blanked);
        }
        code
    }

    /// `path:line` of a place in the text.
    pub fn at(&self, offset: usize) -> String {
        let line = 1 + self.text[..offset].matches('\n').count();
        format!("{}:{line}", self.path)
    }
}

/// Where a name stands as a whole path segment: not a part of a longer word.
pub fn places(code: &str, name: &str) -> Vec<usize> {
    let part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    code.match_indices(name)
        .map(|(at, _)| at)
        .filter(|at| !part(code[..*at].chars().next_back()))
        .filter(|at| !part(code[at + name.len()..].chars().next()))
        .collect()
}

/// The offset of the brace that closes the one the text begins with.
fn closing(text: &str) -> usize {
    let mut depth = 0;
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at;
        }
    }
    text.len() - 1
}

fn spaces(text: &str) -> String {
    let keep = |byte: u8| if byte == b'\n' { '\n' } else { ' ' };
    text.bytes().map(keep).collect()
}

/// The same text, byte for byte as long, with comments and the contents of literals as blanks.
fn blank(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        let (hidden, literal) = length_of_hidden(rest, text[..at].chars().next_back());
        if hidden == 0 {
            let next = rest.chars().next().unwrap();
            out.push(next);
            at += next.len_utf8();
            continue;
        }
        // The quote marks stay, so that a law still sees that a text stands there.
        if literal {
            out.push('"');
            out.push_str(&spaces(&rest[1..hidden - 1]));
            out.push('"');
        } else {
            out.push_str(&spaces(&rest[..hidden]));
        }
        at += hidden;
    }
    out
}

/// How long the comment or literal is that the text begins with, and whether it is a literal.
fn length_of_hidden(text: &str, before: Option<char>) -> (usize, bool) {
    let inside_word = before.is_some_and(|c| c.is_alphanumeric() || c == '_');
    if text.starts_with("//") {
        return (text.find('\n').unwrap_or(text.len()), false);
    }
    if text.starts_with("/*") {
        return (text.find("*/").map_or(text.len(), |end| end + 2), false);
    }
    if text.starts_with('"') {
        return (quoted(text, '"'), true);
    }
    if !inside_word && (text.starts_with('r') || text.starts_with("br")) {
        let raw = text.trim_start_matches('b').trim_start_matches('r');
        let hashes = raw.len() - raw.trim_start_matches('#').len();
        if raw[hashes..].starts_with('"') {
            let end = format!("\"{}", "#".repeat(hashes));
            let open = text.len() - raw.len() + hashes + 1;
            let close = text[open..].find(&end).map(|at| open + at + end.len());
            return (close.unwrap_or(text.len()), true);
        }
    }
    if let Some(inside) = text.strip_prefix('\'') {
        let mut letters = inside.chars();
        let (first, second) = (letters.next(), letters.next());
        // Otherwise it is a lifetime.
        if first == Some('\\') || second == Some('\'') {
            return (quoted(text, '\''), true);
        }
    }
    (0, false)
}

fn quoted(text: &str, mark: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == mark => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[test]
fn comments_and_texts_are_blanked_and_the_rest_stays() {
    let text = "let a = \"x // y\"; // sqlx\nlet c = '\"'; let d: &'a str = r#\"ö \"q\" \"#; axum";
    let blanked = blank(text);
    assert_eq!(blanked.len(), text.len());
    assert_eq!(
        blanked,
        "let a = \"      \";        \nlet c = \" \"; let d: &'a str = \"          \"; axum"
    );
}

#[test]
fn test_modules_are_no_production_code() {
    let text = "fn a() {}\n#[cfg(test)]\nmod tests {\n fn b() { sqlx() }\n}\nfn c() {}\n";
    let source = source("src/store/x.rs".to_owned(), text.to_owned());
    let code = source.production();
    assert!(code.contains("fn a()") && code.contains("fn c()") && !code.contains("sqlx"));
    assert_eq!(source.room(), "store");
    let text = "#[cfg(test)]\nmod samples;\npub mod open;\n#[cfg(test)]\nmod t { mod u; }\n";
    let declares = super::source::source("src/store/mod.rs".to_owned(), text.to_owned());
    assert_eq!(declares.test_modules(), ["src/store/samples"]);
}
