//! Text from outside is shown, never obeyed. Here it loses every power to format, mention, link or
//! hide, and here texts are cut to a length. Pure; knows the markdown of the chat, not its wire.

use std::fmt::Write as _;
use unicode_segmentation::UnicodeSegmentation;

/// What becomes of line breaks in outside text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lines {
    /// Kept; a run of empty lines becomes one.
    Keep,
    /// Shown as a sign, so that a value stays on its line.
    Join,
}

/// The sign that a text goes on.
pub const ELLIPSIS: &str = "…";

/// Escapes outside text for a place that renders markdown.
///
/// Emphasis, spoilers, code, links, bare addresses, mentions, timestamps, headings,
/// quotes and lists are shown as typed. Invisible and direction-changing characters are shown by
/// their code.
pub fn escape(text: &str, lines: Lines) -> String {
    let clean = visible(text, lines);
    let mut out = String::with_capacity(clean.len() + clean.len() / 4);
    let mut at_start = true;
    let mut digits = false;
    for (at, c) in clean.char_indices() {
        let rest = clean.get(at..).unwrap_or_default();
        if is_active(c, at_start, digits) || is_active_with(rest) {
            out.push('\\');
        }
        out.push(c);
        match c {
            '\n' => (at_start, digits) = (true, false),
            ' ' if at_start && !digits => {}
            '0'..='9' if at_start => digits = true,
            _ => at_start = false,
        }
    }
    out
}

/// What is active only with what follows it: the mass mentions and the start of an address. An `@` in a mail
/// address or a `:` in a time stays as it is; user and role mentions and emoji begin with `<`.
fn is_active_with(rest: &str) -> bool {
    let follows = |head: &str, tail: &str| {
        rest.get(..head.len() + tail.len()).is_some_and(|start| {
            start.starts_with(head)
                && start
                    .get(head.len()..)
                    .is_some_and(|t| t.eq_ignore_ascii_case(tail))
        })
    };
    follows("@", "everyone") || follows("@", "here") || follows(":", "//")
}

/// Cleans outside text for a place that shows plain text: labels, titles of forms, options.
pub fn plain(text: &str) -> String {
    visible(text, Lines::Join)
}

/// Cuts a text to at most `limit` characters, with a visible ellipsis.
///
/// Characters are Unicode code points, which is how Discord counts
/// (github.com/discord/discord-api-docs/issues/1315). The cut falls between graphemes and never
/// behind the backslash of an escaped pair.
pub fn clamp(text: &str, limit: usize) -> String {
    clamp_with(text, limit, ELLIPSIS)
}

/// Like [`clamp`], with another mark at the cut. A limit too small for the mark cuts without one.
pub fn clamp_with(text: &str, limit: usize, mark: &str) -> String {
    if length(text) <= limit {
        return text.to_owned();
    }
    let mark = if length(mark) <= limit { mark } else { "" };
    let room = limit - length(mark);
    let mut out = String::new();
    let mut used = 0;
    for piece in text.graphemes(true) {
        used += length(piece);
        if used > room {
            break;
        }
        out.push_str(piece);
    }
    let slashes = out.chars().rev().take_while(|c| *c == '\\').count();
    if slashes % 2 == 1 {
        out.pop();
    }
    out.truncate(out.trim_end().len());
    out.push_str(mark);
    out
}

/// The length of a text as Discord counts it: code points.
pub fn length(text: &str) -> usize {
    text.chars().count()
}

fn is_active(c: char, at_start: bool, digits: bool) -> bool {
    match c {
        '\\' | '*' | '_' | '~' | '`' | '|' | '<' | '>' | '[' | ']' => true,
        // Headings, small print and lists exist only at the start of a line.
        '#' | '-' | '+' => at_start && !digits,
        '.' | ')' => at_start && digits,
        _ => false,
    }
}

fn visible(text: &str, lines: Lines) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    let mut breaks = 0;
    while let Some(c) = chars.next() {
        if is_break(c) {
            if c == '\r' && chars.peek() == Some(&'\n') {
                chars.next();
            }
            breaks += 1;
            continue;
        }
        if breaks > 0 {
            push_breaks(&mut out, breaks, lines);
            breaks = 0;
        }
        if c == '\t' {
            out.push(' ');
        } else if is_invisible(c) {
            let mut times = 1_usize;
            while chars.next_if_eq(&c).is_some() {
                times += 1;
            }
            push_code(&mut out, c, times);
        } else {
            out.push(c);
        }
    }
    out
}

// Breaks at the very start say nothing; those at the end are never pushed.
fn push_breaks(out: &mut String, breaks: usize, lines: Lines) {
    if out.is_empty() {
        return;
    }
    match lines {
        Lines::Keep if breaks > 1 => out.push_str("\n\n"),
        Lines::Keep => out.push('\n'),
        Lines::Join => out.push_str(" ⏎ "),
    }
}

fn push_code(out: &mut String, c: char, times: usize) {
    // Writing to a String cannot fail.
    let _ = match times {
        1 => write!(out, "[U+{:04X}]", u32::from(c)),
        n => write!(out, "[U+{:04X} ×{n}]", u32::from(c)),
    };
}

fn is_break(c: char) -> bool {
    matches!(
        c,
        '\n' | '\r' | '\u{0B}' | '\u{0C}' | '\u{85}' | '\u{2028}' | '\u{2029}'
    )
}

/// Characters that change the order of others or cannot be seen. The emoji selectors U+FE0E and
/// U+FE0F stay: they only choose between two visible forms.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
            | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FE00}'..='\u{FE0D}' | '\u{FEFF}'
            | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}' | '\u{1D173}'..='\u{1D17A}'
            | '\u{E0000}'..='\u{E0FFF}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn markup_of_every_kind_is_shown_as_typed() {
        for (given, shown) in [
            (
                "**b** _i_ ~~s~~ ||x|| `c`",
                r"\*\*b\*\* \_i\_ \~\~s\~\~ \|\|x\|\| \`c\`",
            ),
            ("[x](https://e.example)", r"\[x\](https\://e.example)"),
            (
                "<@1> <#2> <t:3:R> <:e:4>",
                r"\<@1\> \<#2\> \<t:3:R\> \<:e:4\>",
            ),
            (
                "@everyone @HERE a@b.example 08:40",
                r"\@everyone \@HERE a@b.example 08:40",
            ),
            (
                "# h\n> q\n- l\n-# s\n 1. n\n2) n",
                "\\# h\n\\> q\n\\- l\n\\-# s\n 1\\. n\n2\\) n",
            ),
            ("a-b #c 1.5 x+y", "a-b #c 1.5 x+y"),
            (r"C:\tmp\*", r"C:\\tmp\\\*"),
        ] {
            assert_eq!(escape(given, Lines::Keep), shown);
        }
    }

    #[test]
    fn a_character_that_turns_or_hides_text_is_shown_by_its_code() {
        assert_eq!(plain("invoice\u{202E}fdp.exe"), "invoice[U+202E]fdp.exe");
        assert_eq!(
            plain("a\u{200B}\u{200B}\u{200B}b\u{7}"),
            "a[U+200B ×3]b[U+0007]"
        );
        assert_eq!(escape("\u{2066}x", Lines::Join), r"\[U+2066\]x");
    }

    #[test]
    fn line_breaks_of_every_kind_are_kept_or_joined() {
        assert_eq!(
            escape("\r\na\r\nb\u{2028}c\n\n\n\nd\n", Lines::Keep),
            "a\nb\nc\n\nd"
        );
        assert_eq!(escape("a\r\nb\u{85}c", Lines::Join), "a ⏎ b ⏎ c");
        assert_eq!(escape("a\n# b", Lines::Join), "a ⏎ # b");
    }

    #[test]
    fn a_cut_falls_between_graphemes_and_pairs() {
        assert_eq!(clamp("abcdef", 6), "abcdef");
        assert_eq!(clamp("abcdef", 4), "abc…");
        assert_eq!(clamp("ab👨‍👩‍👧cd", 6), "ab…");
        assert_eq!(clamp(r"ab\*cdef", 4), "ab…");
        assert_eq!(clamp(r"ab\\cdef", 5), r"ab\\…");
        assert_eq!(clamp("abc", 0), "");
        assert_eq!(clamp_with("abcdef", 3, " (cut)"), "abc");
    }

    /// Every character that could start markup stands behind its own backslash.
    fn has_active_markup(escaped: &str) -> bool {
        let mut at_start = true;
        let mut digits = false;
        let mut chars = escaped.chars();
        if ["@everyone", "@here", "://"].iter().any(|active| {
            let lower = escaped.to_lowercase();
            let unescaped =
                |at: usize| !lower.get(..at).is_some_and(|before| before.ends_with('\\'));
            lower.match_indices(active).any(|(at, _)| unescaped(at))
        }) {
            return true;
        }
        while let Some(c) = chars.next() {
            if c == '\\' {
                if chars.next().is_none() {
                    return true;
                }
                at_start = false;
                continue;
            }
            if "*_~`|<>[]".contains(c)
                || (at_start && !digits && "#-+".contains(c))
                || (at_start && digits && ".)".contains(c))
            {
                return true;
            }
            match c {
                '\n' => (at_start, digits) = (true, false),
                ' ' if !digits => {}
                '0'..='9' if at_start => digits = true,
                _ => at_start = false,
            }
        }
        false
    }

    proptest! {
        #[test]
        fn escaped_text_has_no_active_markup(
            text in r"([#\-+>*_~`|<@:\[\]\\.)0-9 \n\r\ta]|\PC|[\u{200B}-\u{202E}]){0,60}",
            joined: bool,
        ) {
            let out = escape(&text, if joined { Lines::Join } else { Lines::Keep });
            prop_assert!(!has_active_markup(&out), "{out}");
            prop_assert!(!out.chars().any(|c| c != '\n' && is_invisible(c)));
            if joined { prop_assert!(!out.contains('\n')); }
        }

        #[test]
        fn a_clamped_text_is_within_its_limit_and_a_prefix(text in ".{0,80}", limit in 0_usize..90) {
            let escaped = escape(&text, Lines::Join);
            let out = clamp(&escaped, limit);
            prop_assert!(length(&out) <= limit);
            prop_assert!(!has_active_markup(&out), "{out}");
            if length(&escaped) <= limit {
                prop_assert_eq!(out, escaped);
            } else if limit > 0 {
                let kept = out.strip_suffix(ELLIPSIS).expect("cut is marked");
                prop_assert!(escaped.starts_with(kept));
            }
        }

        #[test]
        fn plain_text_stays_as_it_is_the_second_time(text in any::<String>()) {
            let once = plain(&text);
            prop_assert_eq!(plain(&once), once);
        }
    }
}
