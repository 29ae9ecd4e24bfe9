//! The story that fills every restricted field: from the alert to a closed incident, and a dismissal beside it.

use super::markers::Canary;
use crate::scenarios::governance::answers;
use crate::scenarios::harness::{ALL, Answer, Member, Message, World, minutes, rates};
use baton::domain::playbook::definition::FieldKind;
use baton::sandbox::permissions::{READ_MESSAGE_HISTORY, VIEW_CHANNEL};

const DEVICE: &str = crate::payload!("graph_alert_v2_mde_hidden_file.json");
const LOOK: u64 = VIEW_CHANNEL | READ_MESSAGE_HISTORY;
const CASE: (&str, &str) = ("incident", "INC-1");
const BRIEF: &str = "INC-1 brief 1";

/// The field in which a dismissal answers the triggers.
const EACH: &str = "Answer to each trigger that is met";

/// More than the lists of one page hold, twice.
const STORM: usize = 52;

/// How far the story is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Chapter {
    /// A story of its own: a device, with its desk and Security.
    Device,
    /// Another: a known pattern, what it covers, and a second look.
    Pattern,
    /// Another: more alerts than can be shown one by one.
    Storm,
    /// Another: nobody accepts, and then nobody works on it.
    Idle,
    Arrival,
    Triage,
    Offered,
    Proposed,
    Dismissed,
    Investigation,
    Engaged,
    Containment,
    Closed,
}

impl Chapter {
    /// Of the one story, in its order.
    const ALL: [Self; 9] = [
        Self::Arrival,
        Self::Triage,
        Self::Offered,
        Self::Proposed,
        Self::Dismissed,
        Self::Investigation,
        Self::Engaged,
        Self::Containment,
        Self::Closed,
    ];
}

/// Tells the story to the end of this chapter.
pub async fn tell(w: &World, canary: &Canary, last: Chapter) {
    // Whoever has no role at all still has a place to try commands from.
    w.overwrite("recovery", "outsider", LOOK, 0).await;
    if last == Chapter::Device {
        device(w).await;
        return w.looks_at_everything().await;
    }
    if last == Chapter::Pattern {
        pattern(w, canary).await;
        return w.looks_at_everything().await;
    }
    if last == Chapter::Storm {
        for n in 0..STORM {
            w.alert("purview", canary.nth_alert(n)).await.accepted();
        }
        return w.looks_at_everything().await;
    }
    if last == Chapter::Idle {
        idle(w, canary).await;
        return w.looks_at_everything().await;
    }
    for chapter in Chapter::ALL.into_iter().filter(|one| *one <= last) {
        match chapter {
            Chapter::Device | Chapter::Idle | Chapter::Pattern | Chapter::Storm => {}
            Chapter::Arrival => {
                w.alert("purview", canary.alert()).await.accepted();
            }
            Chapter::Triage => triage(w).await,
            Chapter::Offered => offered(w, canary).await,
            Chapter::Proposed => proposed(w, canary).await,
            Chapter::Dismissed => dismissed(w, canary).await,
            Chapter::Investigation => investigation(w, canary).await,
            Chapter::Engaged => engaged(w, canary).await,
            Chapter::Containment => containment(w, canary).await,
            Chapter::Closed => closed(w, canary).await,
        }
        w.looks_at_everything().await;
    }
}

/// Fills a form to its end with a marker in every field of words, and submits it.
async fn sends(
    member: &Member,
    canary: &Canary,
    first: Answer,
    chosen: &[(&str, &str)],
) -> Message {
    let hidden = canary.answers();
    let mut answers: Vec<(&str, &str)> = chosen.to_vec();
    let others = hidden
        .iter()
        .map(|(title, words)| (title.as_str(), words.as_str()));
    answers.extend(others.filter(|(title, _)| chosen.iter().all(|(known, _)| known != title)));
    let review = member.fills(first, &answers).await;
    member.press(&review, "Submit").await.message()
}

/// A device's alert goes from its desk to Security, which has more than one way on.
async fn device(w: &World) {
    w.alert("defender", DEVICE).await.accepted();
    let (desk, security) = (w.member("frontline"), w.member("tier3"));
    let card = desk.channel("endpoint-desk").await.card("INC-1");
    let first = desk.press(&card, "Escalate").await;
    let answers = any_answers("endpoint-security.toml");
    let answers: Vec<(&str, &str)> = answers
        .iter()
        .map(|(t, w)| (t.as_str(), w.as_str()))
        .collect();
    let review = desk.fills(first, &answers).await;
    let told = desk.press(&review, "Submit").await.message();
    told.expect("INC-1 is handed over");
    let card = security.channel("tier3-containment").await.card("INC-1");
    security.press(&card, "Accept").await.message();
}

async fn pattern(w: &World, canary: &Canary) {
    for number in 1..=3 {
        let desk = format!("desk{number}.{}@contoso.example", canary.of("person"));
        w.alert("purview", rates(number, &desk)).await.accepted();
        // Each on a card of its own.
        w.settle().await;
    }
    w.alert("purview", canary.alert()).await.accepted();
    w.settle().await;
    let (tier1, tier2) = (w.tier1(), w.tier2());
    for title in ["pattern title", "pattern that waits"] {
        let typed = [
            ("Title", canary.of(title)),
            ("Scope", "alert.policy == 'Rates'"),
            ("Why such alerts are harmless", canary.of("pattern reason")),
            ("Last day it counts", "2026-11-21"),
        ];
        let form = tier1.run("tier1-triage", "pattern propose", &[]).await;
        let tried = form.form().submit(&typed).await.message();
        tier1.press(&tried, "Propose").await.message();
    }
    let options = [
        ("pattern", "PAT-1"),
        ("text", canary.of("pattern approval")),
    ];
    let approved = tier2.run("tier2-investigation", "pattern approve", &options);
    approved.await.message().expect("PAT-1 is approved");
    let look = dismissed_by_pattern(w, "INC-1").await;
    let form = tier2.press(&look, "Reopen").await.form();
    let why = [("Why", canary.of("reason to reopen"))];
    form.submit(&why).await.message();
    let look = dismissed_by_pattern(w, "INC-2").await;
    tier2.press(&look, "Agree").await.message();
}

/// Triage dismisses what the pattern covers; gives back what Investigation then looks at again.
async fn dismissed_by_pattern(w: &World, incident: &str) -> Message {
    let (tier1, tier2) = (w.tier1(), w.tier2());
    let card = tier1.channel("tier1-triage").await.card(incident);
    let form = tier1.press(&card, "Dismiss").await.form();
    let rest = [(EACH, "not applicable"), ("Definition of done", ALL)];
    let review = form.fill(&rest).await.message();
    tier1.press(&review, "Submit").await.message();
    let list = tier2
        .run("tier2-investigation", "queue", &[])
        .await
        .message();
    tier2
        .pick(&list, "Look again at…", &[incident])
        .await
        .message()
}

async fn idle(w: &World, canary: &Canary) {
    let manager = w.account("manager").await;
    let duty = [("side", "manager"), ("contact", manager.as_str())];
    let named = w.member("admin").run("audit", "roster set", &duty).await;
    named.message();
    w.alert("purview", canary.alert()).await.accepted();
    triage(w).await;
    offered(w, canary).await;
    for _ in 0..6 {
        w.advance(minutes(120)).await;
    }
    let tier2 = w.tier2();
    let card = tier2.channel("tier2-investigation").await.card("INC-1");
    tier2.press(&card, "Accept").await.message();
    for _ in 0..8 {
        w.advance(minutes(240)).await;
    }
}

/// Something for each field of a playbook.
fn any_answers(file: &str) -> Vec<(String, String)> {
    let all = baton::domain::playbook::shipped::embedded();
    let (_, text) = all.iter().find(|(name, _)| *name == file).unwrap();
    let playbook = baton::domain::playbook::read(text).unwrap();
    let criterion = playbook.criteria[0].text.clone();
    let mut answers = vec![("Criteria that are met".to_owned(), criterion)];
    for field in &playbook.fields {
        let answer = match &field.kind {
            FieldKind::Link => "https://source.example/1".to_owned(),
            FieldKind::Time => "2026-11-20 08:00".to_owned(),
            FieldKind::Choice(options) | FieldKind::Choices(options) => options[0].title.clone(),
            FieldKind::YesNo => "Yes".to_owned(),
            _ => "Words of no meaning".to_owned(),
        };
        answers.push((field.title.clone(), answer));
        answers.push((format!("{}: why", field.title), "Because.".to_owned()));
    }
    answers
}

async fn triage(w: &World) {
    let tier1 = w.tier1();
    let card = tier1.channel("tier1-triage").await.card("INC-1");
    tier1.press(&card, "Claim").await.message();
    tier1.press(&card, "Details").await.message();
}

async fn offered(w: &World, canary: &Canary) {
    let tier1 = w.tier1();
    let card = tier1.channel("tier1-triage").await.card("INC-1");
    let first = tier1.press(&card, "Escalate").await;
    let told = sends(&tier1, canary, first, &[]).await;
    told.expect("INC-1 is handed over");
    // It leaves at once; only then time passes.
    w.settle().await;
    w.advance(minutes(61)).await;
}

async fn proposed(w: &World, canary: &Canary) {
    w.alert("purview", canary.another_alert()).await.accepted();
    let tier1 = w.tier1();
    let card = tier1.channel("tier1-triage").await.card("INC-2");
    let first = tier1.press(&card, "Dismiss").await;
    let answer = canary.of(&format!("field {EACH}"));
    let lines = format!("{answer}: one application.\n{answer}: the contractor's service.");
    let ground = [
        ("Criteria that are met", "Person and data fit together"),
        (EACH, lines.as_str()),
    ];
    let told = sends(&tier1, canary, first, &ground).await;
    told.expect("INC-2 waits for a second person");
}

async fn dismissed(w: &World, canary: &Canary) {
    let second = w.tier1b();
    let card = second.channel("tier1-triage").await.card("INC-2");
    let form = second.press(&card, "Agree").await.form();
    let reason = [("Why", canary.of("second person's reason"))];
    form.submit(&reason).await.message();
}

async fn investigation(w: &World, canary: &Canary) {
    let (tier1, tier2) = (w.tier1(), w.tier2());
    let card = tier2.channel("tier2-investigation").await.card("INC-1");
    let form = tier2.press(&card, "Return").await.form();
    let reason = [("Reason", canary.of("return reason"))];
    form.submit(&reason).await.message();
    let card = tier1.channel("tier1-triage").await.card("INC-1");
    let first = tier1.press(&card, "Escalate").await;
    sends(&tier1, canary, first, &[]).await;
    let card = tier2.channel("tier2-investigation").await.card("INC-1");
    tier2.press(&card, "Accept").await.message();
    for (command, name) in [("note", "note"), ("status", "status")] {
        let options = [CASE, ("text", canary.of(name))];
        let said = tier2.run("tier2-investigation", command, &options).await;
        said.message();
    }
}

async fn engaged(w: &World, canary: &Canary) {
    // The brief waits while a stranger could read it, and the audit channel is told.
    w.overwrite("governance", "outsider", LOOK, 0).await;
    w.expected().log("an effect rests");
    let tier2 = w.tier2();
    let first = tier2.run("tier2-investigation", "engage", &[CASE]).await;
    let chosen = [
        ("Criteria that are met", "Someone inside is suspected"),
        ("Answer wanted by", "2026-11-20 15:00"),
    ];
    let told = sends(&tier2, canary, first, &chosen).await;
    told.expect("Governance is engaged");
    w.settle().await;
    w.overwrite("governance", "outsider", 0, LOOK).await;
    let (hr, legal) = (w.member("hr"), w.member("legal"));
    let brief = hr.channel(BRIEF).await.card("INC-1");
    hr.press(&brief, "I have read this").await.message();
    answers(&legal, BRIEF, "More is needed", canary.of("counsel text")).await;
    let wording = [
        CASE,
        ("to", "outside"),
        ("wording", canary.of("wording")),
        ("why", canary.of("why it is to be said")),
    ];
    let asked = tier2.run("tier2-investigation", "comms request", &wording);
    asked.await.message().expect("It waits for");
    // Two more, so that one is refused and one agreed to in other words.
    for (number, press, title) in [(2, "Refuse", "Why"), (3, "Agree in other words", "Wording")] {
        let asked = tier2.run("tier2-investigation", "comms request", &wording);
        asked.await.message();
        let waiting = legal.channel("governance").await;
        let waiting = waiting.saying(&format!("request {number}"));
        let seen = legal.press(&waiting, "Read and decide").await.message();
        let form = legal.press(&seen, press).await.form();
        form.submit(&[(title, canary.of("wording"))])
            .await
            .message();
    }
}

/// A third detection, which the context explains.
async fn closed_at_investigation(w: &World, canary: &Canary) {
    w.alert("purview", canary.third_alert()).await.accepted();
    let (tier1, tier2) = (w.tier1(), w.tier2());
    let card = tier1.channel("tier1-triage").await.card("INC-3");
    let first = tier1.press(&card, "Escalate").await;
    sends(&tier1, canary, first, &[]).await;
    let card = tier2.channel("tier2-investigation").await.card("INC-3");
    tier2.press(&card, "Accept").await.message();
    let card = tier2.channel("tier2-investigation").await.card("INC-3");
    let first = tier2.press(&card, "Close").await;
    let chosen = [
        ("Criteria that are met", "The context explains it"),
        ("Intent", "Accidental"),
        ("Suspected misconduct", "No"),
        ("Governance required", "No"),
        ("Outcome", "Authorised"),
    ];
    let told = sends(&tier2, canary, first, &chosen).await;
    told.expect("INC-3 is closed");
}

async fn contains(w: &World, act: &str, more: &[(&str, &str)]) {
    let options: Vec<_> = [CASE].iter().chain(more).copied().collect();
    let command = format!("contain {act}");
    let tier3 = w.member("tier3");
    let said = tier3.run("tier3-containment", &command, &options).await;
    let text = said.text();
    assert!(!text.contains("Not possible"), "{act}: {text}");
}

/// From investigation to containment, accepted there.
async fn to_containment(w: &World, canary: &Canary) {
    let (tier2, tier3) = (w.tier2(), w.member("tier3"));
    let first = tier2.run("tier2-investigation", "escalate", &[CASE]).await;
    let chosen = [
        ("Criteria that are met", "Without immediate containment"),
        ("Intent", "Likely malicious"),
        ("Suspected misconduct", "Yes"),
        ("Governance required", "Yes"),
        ("Recommended containment", "Disable the account"),
    ];
    let told = sends(&tier2, canary, first, &chosen).await;
    told.expect("INC-1 is handed over");
    let card = tier3.channel("tier3-containment").await.card("INC-1");
    tier3.press(&card, "Accept").await.message();
}

async fn containment(w: &World, canary: &Canary) {
    to_containment(w, canary).await;
    let (tier2, tier3) = (w.tier2(), w.member("tier3"));
    let first = tier3.run("tier3-containment", "escalate", &[CASE]).await;
    let chosen = [("Criteria that are met", "New facts came up")];
    let told = sends(&tier3, canary, first, &chosen).await;
    told.expect("INC-1 is handed over");
    let card = tier2.channel("tier2-investigation").await.card("INC-1");
    tier2.press(&card, "Accept").await.message();
    to_containment(w, canary).await;
    let target = ("text", canary.of("containment target"));
    contains(w, "propose", &[("what", "revoke-sessions"), target]).await;
    contains(w, "propose", &[("what", "block-destination"), target]).await;
    contains(w, "authorise", &[("action", "1")]).await;
    let result = ("text", canary.of("containment result"));
    contains(w, "done", &[("action", "1"), result]).await;
    let failure = ("text", canary.of("containment failure"));
    contains(w, "failed", &[("action", "2"), failure]).await;
}

async fn closed(w: &World, canary: &Canary) {
    closed_at_investigation(w, canary).await;
    let (tier3, legal) = (w.member("tier3"), w.member("legal"));
    for side in [&legal, &w.member("hr")] {
        answers(side, BRIEF, "Concluded", canary.of("counsel text")).await;
    }
    let first = tier3.run("tier3-containment", "close", &[CASE]).await;
    let chosen = [
        ("Criteria that are met", "The exposure has ended"),
        ("Outcome", "Deliberate or culpable breach"),
    ];
    let told = sends(&tier3, canary, first, &chosen).await;
    told.expect("INC-1 is closed");
}
