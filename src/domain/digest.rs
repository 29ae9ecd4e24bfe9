//! A digest: many alerts of a storm in one message, each with its id, severity and person, grouped by what they share,
//! the most severe first.

use super::alert::{Alert, Severity, User};
use super::ids::IncidentId;
use super::incident::{Incident, VisitState};
use super::playbook::definition::Playbook;
use super::restricted::{Clearance, Level};
use super::view::{CardAct, acts};

/// One incident of a digest, as its readers may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub id: IncidentId,
    pub severity: Severity,
    pub drill: bool,
    /// As the source names them; empty where it says nothing, or where the readers may not know.
    pub person: String,
    /// What it shares with others: policy and rule, or where it stands, as far as the readers may know.
    pub about: String,
    /// Where there is nothing left to take: held, or settled.
    pub note: &'static str,
    /// It can be claimed or accepted.
    pub takeable: bool,
    pub escalable: bool,
}

/// Lines that share severity and subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    pub severity: Severity,
    pub about: String,
    /// All of them, also those that were cut.
    pub count: usize,
    /// A person, and their incidents with what is noted of each.
    pub persons: Vec<(String, Vec<(IncidentId, &'static str)>)>,
}

impl Line {
    /// The same, as a reminder: nobody took it in time.
    #[must_use]
    pub fn reminding(self) -> Self {
        let note = if self.note.is_empty() {
            "nobody took it yet"
        } else {
            self.note
        };
        Self { note, ..self }
    }
}

/// How one stay of an incident stands in a digest; `alert` is its first.
pub fn line(
    incident: &Incident,
    visit: usize,
    alert: Option<&Alert>,
    playbook: &Playbook,
    clearance: &Clearance,
) -> Option<Line> {
    let stay = incident.visits.get(visit)?;
    let stage = playbook.stage(&stay.stage)?;
    let facts = alert.filter(|_| clearance.level() >= Level::Facts);
    let named = |alert: &Alert| {
        let each = [&alert.policy, &alert.rule].into_iter().flatten();
        let names: Vec<&str> = each.filter_map(|named| named.name.as_deref()).collect();
        names.join(": ")
    };
    let about = facts.map(named).filter(|about| !about.is_empty());
    let acts = acts(incident, &stay.state, playbook);
    let can = |act| acts.contains(&act);
    Some(Line {
        id: incident.id,
        severity: incident.severity,
        drill: incident.drill,
        person: facts
            .and_then(|alert| alert.user.as_ref().and_then(User::shown))
            .unwrap_or_default(),
        about: match about {
            Some(about) => about,
            None if clearance.level() >= Level::Steps => stage.title.clone(),
            None => "known to those on the case".to_owned(),
        },
        note: match stay.state {
            _ if incident.drill => "DRILL",
            VisitState::HandedOn(_) | VisitState::SentBack(_) | VisitState::Ended(_) => "settled",
            VisitState::Waiting => "handed over",
            VisitState::Working if incident.holder().is_some() => "held",
            VisitState::Working | VisitState::Offered => "",
        },
        takeable: can(CardAct::Claim) || can(CardAct::Accept),
        escalable: can(CardAct::Escalate),
    })
}

/// The most severe first, then the older: the order of lists and menus.
pub fn sort(lines: &mut [Line]) {
    lines.sort_by_key(|line| (std::cmp::Reverse(line.severity), line.id));
}

/// Groups by severity, subject and person, the most severe and then the largest first.
pub fn grouped(lines: &[Line]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut lines: Vec<&Line> = lines.iter().collect();
    lines.sort_by(|a, b| {
        (b.severity, &a.about, &a.person, a.id).cmp(&(a.severity, &b.about, &b.person, b.id))
    });
    for line in lines {
        let item = (line.id, line.note);
        let same =
            |group: &&mut Group| group.severity == line.severity && group.about == line.about;
        if let Some(group) = groups.last_mut().filter(same) {
            group.count += 1;
            match group.persons.last_mut() {
                Some((person, ids)) if *person == line.person => ids.push(item),
                _ => group.persons.push((line.person.clone(), vec![item])),
            }
        } else {
            groups.push(Group {
                severity: line.severity,
                about: line.about.clone(),
                count: 1,
                persons: vec![(line.person.clone(), vec![item])],
            });
        }
    }
    groups.sort_by_key(|group| std::cmp::Reverse((group.severity, group.count)));
    groups
}

/// What of the groups fits into a text of `room` characters, and how many incidents do not; `cost` is what an outside
/// text takes there.
pub fn fitting(
    mut groups: Vec<Group>,
    room: usize,
    cost: impl Fn(&str) -> usize,
) -> (Vec<Group>, usize) {
    /// A group's severity, count and marks; an id with its comma; what stands around a person.
    const HEAD: usize = 32;
    const ID: usize = 16;
    const AROUND: usize = 6;
    let (mut left, mut over) = (room, 0);
    let mut take = |needs: usize| {
        let fits = left.checked_sub(needs);
        // What comes behind something that does not fit is cut too, so that nothing severe stands below.
        left = fits.unwrap_or(0);
        fits.is_some()
    };
    for group in &mut groups {
        let mut fits = take(HEAD + cost(&group.about));
        for (person, ids) in &mut group.persons {
            fits = fits && take(AROUND + cost(person));
            let before = ids.len();
            ids.retain(|(_, note)| {
                fits = fits && take(ID + note.len());
                fits
            });
            over += before - ids.len();
        }
        group.persons.retain(|(_, ids)| !ids.is_empty());
    }
    groups.retain(|group| !group.persons.is_empty());
    (groups, over)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn line(id: i64, severity: Severity, about: &str, person: &str) -> Line {
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

    fn listed(groups: &[Group]) -> Vec<IncidentId> {
        let persons = groups.iter().flat_map(|group| &group.persons);
        persons
            .flat_map(|(_, ids)| ids)
            .map(|(id, _)| *id)
            .collect()
    }

    #[test]
    fn the_larger_of_two_groups_stands_first_where_they_are_as_severe() {
        let lines = [
            line(1, Severity::Low, "a", "x"),
            line(2, Severity::Low, "b", "y"),
            line(3, Severity::Low, "b", "x"),
            line(4, Severity::Medium, "a", "x"),
        ];
        let groups = grouped(&lines);
        assert_eq!(
            listed(&groups).iter().map(|id| id.0).collect::<Vec<_>>(),
            [4, 3, 2, 1]
        );
        assert_eq!(groups[1].count, 2);
    }

    #[test]
    fn a_reminder_says_that_nobody_took_it_unless_there_is_more_to_say() {
        assert_eq!(
            line(1, Severity::Low, "", "").reminding().note,
            "nobody took it yet"
        );
        let held = Line {
            note: "held",
            ..line(1, Severity::Low, "", "")
        };
        assert_eq!(held.reminding().note, "held");
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_nothing_less_severe_stands_where_something_severe_was_cut(
            each in prop::collection::vec((0_usize..6, 0_u8..4, 0_u8..9), 0..80), room in 0_usize..2_000,
        ) {
            let numbered = (1_i64..).zip(&each);
            let lines: Vec<Line> = numbered
                .map(|(id, (severity, about, person))| {
                    line(id, Severity::ALL[*severity], &format!("a{about}"), &format!("p{person}"))
                })
                .collect();
            let whole = grouped(&lines);
            prop_assert_eq!(listed(&whole).len(), lines.len());
            let (cut, over) = fitting(whole.clone(), room, str::len);
            let shown = listed(&cut);
            prop_assert_eq!(shown.len() + over, lines.len());
            prop_assert_eq!(&shown[..], &listed(&whole)[..shown.len()]);
        }
    }
}
