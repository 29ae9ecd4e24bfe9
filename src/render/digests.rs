//! From the lines of a digest to a neutral card: grouped as far as the text has room, the whole list as a file beside it.

use super::card::{Card, CardFile, Row, Tone};
use super::contexts::{Digest, DigestGroup, DigestPerson, capital};
use super::escape::{Lines, escape, length, plain};
use super::templates::{TemplateFault, Templates};
use crate::domain::alert::Severity;
use crate::domain::digest::{Group, Line, fitting, grouped};
use crate::domain::ids::{ChannelKey, IncidentId};
use std::fmt::Write as _;

/// What the groups of a digest may take of a message's text, in characters; title, footer and the words around them have
/// the rest.
const ROOM: usize = 3_600;

impl Templates {
    /// The digest of these lines, the most severe first; a file named by `number` where the text is too small.
    pub fn digest(
        &self,
        lines: &[Line],
        channel: &ChannelKey,
        number: i64,
        rows: Vec<Row>,
    ) -> Result<Card, TemplateFault> {
        let cost = |text: &str| length(&escape(text, Lines::Join));
        let (groups, over) = fitting(grouped(lines), ROOM, cost);
        let context = Digest {
            drill: !lines.is_empty() && lines.iter().all(|line| line.drill),
            count: lines.len(),
            channel: channel.to_string(),
            groups: groups.into_iter().map(group).collect(),
            over,
        };
        let worst = lines.iter().map(|line| line.severity).max();
        let mut card = self.plain_card(&context, tone(worst))?;
        card.rows = rows;
        if over > 0 {
            card.files.push(CardFile {
                name: format!("digest-{number}.txt"),
                bytes: whole(lines).into_bytes(),
            });
        }
        Ok(card)
    }
}

fn group(group: Group) -> DigestGroup {
    let persons = group.persons.into_iter().map(|(person, ids)| DigestPerson {
        ids: ids.into_iter().map(noted).collect::<Vec<_>>().join(", "),
        person,
    });
    DigestGroup {
        severity: capital(group.severity.key()),
        about: group.about,
        count: group.count,
        persons: persons.collect(),
    }
}

fn noted((id, note): (IncidentId, &'static str)) -> String {
    if note.is_empty() {
        return id.to_string();
    }
    format!("{id} ({note})")
}

/// Every line, in order.
fn whole(lines: &[Line]) -> String {
    let mut text = String::new();
    for line in lines {
        let id = noted((line.id, line.note));
        let (person, about) = (plain(&line.person), plain(&line.about));
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{}\t{id}\t{person}\t{about}", line.severity.key());
    }
    text
}

const fn tone(worst: Option<Severity>) -> Tone {
    match worst {
        Some(Severity::High | Severity::Critical) => Tone::Alarm,
        Some(Severity::Medium | Severity::Unknown) => Tone::Warning,
        Some(Severity::Low | Severity::Informational) => Tone::Info,
        None => Tone::Done,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn line(id: i64, severity: Severity, person: &str, about: &str) -> Line {
        Line {
            id: IncidentId(id),
            severity,
            drill: false,
            person: person.to_owned(),
            about: about.to_owned(),
            note: "",
            takeable: true,
            escalable: true,
        }
    }

    fn card(lines: &[Line]) -> Card {
        let templates = Templates::load(&BTreeMap::new()).unwrap();
        let desk = ChannelKey::new("desk");
        templates.digest(lines, &desk, 7, Vec::new()).unwrap()
    }

    #[test]
    fn the_most_severe_stand_first_grouped_by_what_they_share_and_by_person() {
        let lines = [
            line(4, Severity::High, "ana", "Customer data"),
            line(6, Severity::High, "ana", "Customer data"),
            line(5, Severity::High, "bob_b", "Customer data"),
            line(3, Severity::High, "", "Sign-in"),
            line(1, Severity::Low, "ana", "Customer data"),
        ];
        let card = card(&lines);
        insta::assert_snapshot!(format!("{}\n{}", card.title, card.body), @r"
        5 at once in desk
        More came than cards of their own can show in time, so they stand here together.

        **High** · Customer data (3)
        INC-4, INC-6 · ana
        INC-5 · bob\_b

        **High** · Sign-in (1)
        INC-3

        **Low** · Customer data (1)
        INC-1 · ana
        ");
        assert_eq!(card.tone, Tone::Alarm);
        assert!(card.files.is_empty());
    }

    proptest! {
        #[test]
        fn every_alert_stands_in_the_text_or_all_of_them_in_the_file(
            count in 1_i64..400, persons in 1_i64..60, about in r"[\PC]{0,40}",
        ) {
            let severities = Severity::ALL;
            let mut lines: Vec<Line> = (1..=count)
                .map(|n| line(n, severities[usize::try_from(n % 6).unwrap()], &format!("p{}@x.example", n % persons), &about))
                .collect();
            crate::domain::digest::sort(&mut lines);
            let card = card(&lines);
            prop_assert!(length(&card.body) <= 4_096, "{}", length(&card.body));
            let named = |text: &str, id: i64| {
                text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).any(|word| word == format!("INC-{id}"))
            };
            match card.files.first() {
                None => for id in 1..=count { prop_assert!(named(&card.body, id), "INC-{id}\n{}", card.body); },
                Some(file) => {
                    let text = String::from_utf8(file.bytes.clone()).unwrap();
                    prop_assert_eq!(text.lines().count(), lines.len());
                    for id in 1..=count { prop_assert!(named(&text, id)); }
                }
            }
        }
    }
}
