//! Answers in words: what was done and which step is next; what was refused, everything at once, and the way out.

use crate::app::Trouble;
use crate::domain::ids::AlertId;
use crate::domain::incident::{CaseFault, Readiness, Refusal};
use crate::domain::record::shown_time;
use crate::render::contexts::Answer;
use chrono_tz::Tz;

/// A refusal as a person reads it. `holder` is the name behind the person who holds it.
pub fn refused(refusal: &Refusal, holder: Option<&str>, zone: Tz) -> Answer {
    let (title, text, next) = match refusal {
        Refusal::NotFound => (
            "Nothing there",
            "There is no such incident, or it is not yours to see.".to_owned(),
            "/queue shows what you may see.",
        ),
        Refusal::NotYours { role } => (
            "Not yours to do",
            match role {
                Some(role) => format!("This step belongs to the role {role}."),
                None => "This step belongs to another role.".to_owned(),
            },
            "/help shows what you can do now.",
        ),
        Refusal::Held { since, .. } => (
            "Someone has it",
            format!(
                "{} holds it since {}.",
                holder.unwrap_or("Somebody else"),
                shown_time(*since, zone)
            ),
            "Talk to them, or take another from /queue.",
        ),
        Refusal::Offered { to } => (
            "A handoff is under way",
            format!("It is offered to {to} and waits there."),
            "It moves when they accept or return it.",
        ),
        Refusal::NothingOffered => (
            "Nothing to accept or return",
            "No handoff of this incident waits for an answer.".to_owned(),
            "/queue shows where it stands.",
        ),
        Refusal::Ended => (
            "It has ended",
            "The incident is dismissed or closed; nothing can be changed.".to_owned(),
            "/timeline tells its story.",
        ),
        Refusal::NoSuchWay { ways } => (
            "No such way",
            if ways.is_empty() {
                "From where it stands, there is no way like that.".to_owned()
            } else {
                format!("From where it stands, the ways are: {}.", ways.join("; "))
            },
            "Choose one of these.",
        ),
        Refusal::RecordIncomplete(readiness) => return incomplete(readiness),
        Refusal::Proposed { .. }
        | Refusal::NothingProposed
        | Refusal::SamePerson
        | Refusal::NoContact { .. }
        | Refusal::Gates { .. }
        | Refusal::NoEngagement
        | Refusal::SnoozeUnfit { .. }
        | Refusal::HoursUnreadable
        | Refusal::NoTalk { .. }
        | Refusal::Wording { .. }
        | Refusal::NotHeld
        | Refusal::NoPattern { .. }
        | Refusal::NoSearch { .. }
        | Refusal::ReasonMissing
        | Refusal::NoSecondLook { .. }
        | Refusal::NoAction { .. } => return beside(refusal, holder),
        Refusal::Case(fault) => case(fault, zone),
        Refusal::Changed => (
            "It has changed meanwhile",
            "Somebody, or you in another window, was faster.".to_owned(),
            "Look again: /queue or /drafts.",
        ),
    };
    Answer {
        title: title.to_owned(),
        text,
        next: next.to_owned(),
        ..Answer::default()
    }
}

/// What cannot be done with a pattern or a second look, in the rules' own words.
fn unfit(refusal: &Refusal, why: &str) -> Answer {
    let pattern = matches!(refusal, Refusal::NoPattern { .. });
    let (title, next) = if pattern {
        (
            "Not possible with this pattern",
            "/pattern list shows how each stands.",
        )
    } else {
        (
            "No second look for you here",
            "/queue lists those that wait for you.",
        )
    };
    Answer {
        title: title.to_owned(),
        text: why.to_owned(),
        next: next.to_owned(),
        ..Answer::default()
    }
}

/// Refusals of steps beside the stages.
fn beside(refusal: &Refusal, holder: Option<&str>) -> Answer {
    let (title, text, next) = match refusal {
        Refusal::Proposed { .. } => (
            "It waits for a second person",
            format!("{} proposed to end it.", holder.unwrap_or("Somebody else")),
            "Agree or refuse on its card.",
        ),
        Refusal::NothingProposed => (
            "Nothing to agree to",
            "No dismissal of this incident waits for a second person.".to_owned(),
            "/queue shows where it stands.",
        ),
        Refusal::ReasonMissing => (
            "The reason is missing",
            "Say what is missing, so that it can be amended.".to_owned(),
            "Give a reason and send it again.",
        ),
        Refusal::SamePerson => (
            "A second person is needed",
            "You have said your word; somebody else agrees.".to_owned(),
            "Ask a colleague whose word it is too.",
        ),
        Refusal::NoContact { sides } => (
            "Nobody to name",
            format!(
                "These sides have no contact who may be told: {}.",
                sides.iter().map(|s| s.key()).collect::<Vec<_>>().join(", ")
            ),
            "Ask a lead to enter one with /roster set.",
        ),
        Refusal::Gates { texts } => {
            let next = "What opens it stands above.";
            return listing("A gate is closed", "Nobody may skip this.", texts, next);
        }
        Refusal::NoEngagement => (
            "Nothing to answer",
            "There is no such engagement, or it is not yours to answer.".to_owned(),
            "The brief's newest message has the buttons.",
        ),
        Refusal::SnoozeUnfit { faults } => {
            let text = "A snooze has a reason, and an end that is not too far.";
            let next = "Mend it and send it again: /snooze, or the button.";
            return listing("Its reminders go on", text, faults, next);
        }
        Refusal::HoursUnreadable => (
            "These hours cannot be read",
            "Give days and times, such as Mon-Fri 09:00-17:00 or Mon,Wed 08:00-12:30 Europe/Lisbon.".to_owned(),
            "Send /roster hours again; none takes your own hours back.",
        ),
        Refusal::NoTalk { .. } | Refusal::Wording { .. } | Refusal::NotHeld => {
            return governed(refusal);
        }
        Refusal::NoSearch { missing } => return no_search(missing),
        Refusal::NoPattern { why } | Refusal::NoSecondLook { why } => return unfit(refusal, why),
        Refusal::NoAction { why } => (
            "Not possible with this action",
            why.clone(),
            "/contain list shows where each stands.",
        ),
        Refusal::NotFound
        | Refusal::NotYours { .. }
        | Refusal::Held { .. }
        | Refusal::Offered { .. }
        | Refusal::NothingOffered
        | Refusal::Ended
        | Refusal::NoSuchWay { .. }
        | Refusal::RecordIncomplete(_)
        | Refusal::Case(_)
        | Refusal::Changed => (
            "Not possible now",
            String::new(),
            "/help shows what you can do.",
        ),
    };
    Answer {
        title: title.to_owned(),
        text,
        next: next.to_owned(),
        ..Answer::default()
    }
}

fn listing(title: &str, text: &str, missing: &[String], next: &str) -> Answer {
    Answer {
        title: title.to_owned(),
        text: text.to_owned(),
        missing: missing.to_vec(),
        next: next.to_owned(),
        ..Answer::default()
    }
}

fn no_search(missing: &[String]) -> Answer {
    let text = "Nothing was searched. This is missing.";
    let next = "Send it again: /audit search with words and a reason.";
    listing("No search like this", text, missing, next)
}

/// Refusals on the side of Governance.
fn governed(refusal: &Refusal) -> Answer {
    let answer = |title: &str, text: &str, next: &str| Answer {
        title: title.to_owned(),
        text: text.to_owned(),
        next: next.to_owned(),
        ..Answer::default()
    };
    if let Refusal::NoTalk { why } = refusal {
        let next = "/comms request asks anew; /comms decide offers what waits for you.";
        return answer("Not possible with this request", why, next);
    }
    if let Refusal::Wording { findings } = refusal {
        let next = "Say it without them, or say in “justification” why they stand.";
        let text = "Nothing was sent. These words are warned of.";
        return Answer {
            missing: findings.clone(),
            ..answer("The wording says more than is known", text, next)
        };
    }
    let text = "Legal holds nothing of this incident.";
    answer(
        "Nothing to release",
        text,
        "/governance hold places a hold.",
    )
}

/// Title, text and next step where what a case gathers does not fit.
fn case(fault: &CaseFault, zone: Tz) -> (&'static str, String, &'static str) {
    match fault {
        CaseFault::Future { at } => (
            "That lies in the future",
            format!(
                "{} has not come yet; a note says what happened.",
                shown_time(*at, zone)
            ),
            "Send it again with a time in the past, or without one.",
        ),
        CaseFault::NoTime { why } => (
            "The time cannot be read",
            format!("It {why}."),
            "Send it again with such a time, or without one.",
        ),
        CaseFault::NoEntry => (
            "No such entry",
            "The timeline has no entry with this number.".to_owned(),
            "/timeline shows the numbers; choose one while you type.",
        ),
        CaseFault::QuotedAlready => (
            "On the timeline already",
            "This message was added before; once is enough.".to_owned(),
            "/timeline shows it, with who added it.",
        ),
        CaseFault::NotInThread => (
            "Not from here",
            "Only messages in the private thread of an incident that you work on can be added to its timeline."
                .to_owned(),
            "Use it on a message there, or write it down with /note.",
        ),
        CaseFault::NoWords => (
            "Nothing to add",
            "Only what a person wrote is added; this message has no words of a person.".to_owned(),
            "Say what it shows with /note.",
        ),
        CaseFault::Itself => (
            "The same incident",
            "An incident is not linked with itself.".to_owned(),
            "Name another one.",
        ),
        CaseFault::NoAlert => (
            "No alert is named",
            "Say which alerts go into the new incident: ALR-3, or ALR-3 ALR-5.".to_owned(),
            "Choose them while you type.",
        ),
        CaseFault::NotItsOwn { alerts } => (
            "Not of this incident",
            format!("It has no alert {}.", listed(alerts)),
            "Choose among its own while you type.",
        ),
        CaseFault::NothingLeft => (
            "Nothing would be left",
            "An incident keeps at least one of its alerts.".to_owned(),
            "Leave out those that stay.",
        ),
        CaseFault::OpenStill => (
            "It is open",
            "Only what was dismissed or closed is reopened.".to_owned(),
            "/queue shows where it stands.",
        ),
        CaseFault::SamePlaybook => (
            "It follows that one already",
            "The incident follows this playbook.".to_owned(),
            "Choose another, or go on with it on its card.",
        ),
        CaseFault::HandedOver => (
            "Too late for another playbook",
            "A record was given already, and it belongs to the playbook that the incident follows.".to_owned(),
            "Go on with it on its card.",
        ),
    }
}

fn listed(alerts: &[AlertId]) -> String {
    let ids: Vec<String> = alerts.iter().map(ToString::to_string).collect();
    ids.join(", ")
}

fn incomplete(readiness: &Readiness) -> Answer {
    Answer {
        title: "Not sent yet".to_owned(),
        text: "This is all that is missing. What you gave is saved.".to_owned(),
        missing: missing(readiness),
        next: "Press “Fill in what is missing”, or choose below.".to_owned(),
        ..Answer::default()
    }
}

/// Everything between a form and its submit, a line each.
pub fn missing(readiness: &Readiness) -> Vec<String> {
    let mut missing: Vec<String> = readiness
        .gaps
        .iter()
        .map(|gap| format!("{} {}", gap.title, gap.problem))
        .collect();
    if readiness.criterion_missing {
        missing.push("No criterion is ticked; at least one justifies the step".to_owned());
    }
    missing.extend(
        readiness
            .undone
            .iter()
            .map(|(_, text)| format!("To confirm: {text}")),
    );
    missing.extend(readiness.contradictions.iter().cloned());
    missing.extend(readiness.gates.iter().cloned());
    let excluded = readiness.excluded_by.iter();
    missing.extend(excluded.map(|text| format!("Excluded while this is met: {text}")));
    missing
}

/// Nothing can be saved for a while: what that means for what was just sent, and who can mend it.
pub fn troubled(trouble: Trouble) -> Answer {
    Answer {
        title: "Nothing can be saved just now".to_owned(),
        text: format!(
            "Baton's store takes nothing: {}. What you sent is not saved and was not done. What you gave before is safe.",
            trouble.in_words()
        ),
        next: format!(
            "Send it again in a minute. If this stays, tell whoever runs Baton's host: {} Baton goes on by itself then.",
            trouble.cure()
        ),
        ..Answer::default()
    }
}

/// Our own fault, with the reference that stands in the log too.
pub fn our_fault(reference: &str) -> Answer {
    Answer {
        title: "That is our fault".to_owned(),
        text: format!(
            "Baton could not do it. What you gave before is saved. Reference {reference}."
        ),
        next: "Try once more; if it stays, tell your administrator the reference.".to_owned(),
        ..Answer::default()
    }
}
