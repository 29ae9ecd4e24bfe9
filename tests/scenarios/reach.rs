//! Reaching people: reminders of what is idle, releases, snoozes, deputies, the duty manager, working hours.

use super::harness::{Answer, Member, Message, TRIAGE, World, minutes, scenario, scenario_with};
use crate::payload;
use chrono::TimeDelta;

const UPLOAD: &str = payload!("purview_dlp_alert_endpoint_web_low.json");
const CASE: (&str, &str) = ("incident", "INC-1");
const DUTY: &str = "Duty manager manager";
const BRIEF_THREAD: &str = "INC-1 brief 1";

fn hours(count: i64) -> TimeDelta {
    TimeDelta::hours(count)
}

fn pinged(message: &Message) -> usize {
    message.json["pinged"]["users"].as_array().unwrap().len()
}

/// Claimed by tier1; its card is known.
async fn claimed(w: &World) -> Message {
    w.alert("purview", UPLOAD).await.accepted();
    let card = w.tier1().channel("tier1-triage").await.card("INC-1");
    w.tier1().press(&card, "Claim").await.message();
    card
}

async fn offered(w: &World) {
    w.alert("purview", UPLOAD).await.accepted();
    w.tier1().hands_over("tier1-triage", "INC-1", TRIAGE).await;
    looked_at(w).await;
}

async fn looked_at(w: &World) {
    for (name, channel) in [
        ("tier1", "tier1-triage"),
        ("tier2", "tier2-investigation"),
        ("tier3", "tier3-containment"),
    ] {
        w.member(name).channel(channel).await.all();
    }
}

async fn snoozes(member: &Member, until: &str, reason: &str) -> Answer {
    let options = [CASE, ("until", until), ("reason", reason)];
    member.run("tier1-triage", "snooze", &options).await
}

#[test]
fn held_work_without_a_sign_of_life_is_raised_to_its_holder_and_then_free_again() {
    scenario(async |w| {
        claimed(w).await;
        let (tier1, other) = (w.tier1(), w.tier1b());
        w.advance(hours(7)).await;
        assert_eq!(tier1.channel("tier1-triage").await.all().len(), 1);
        w.advance(minutes(61)).await;
        let told = tier1.channel("tier1-triage").await.saying("sign of life");
        assert_eq!(pinged(&told), 1);
        told.expect("held by tier1, and nothing was done for 8 hours")
            .expect("[Escalate] [Snooze]")
            .lacks("visa.assistant");
        // A note is a sign of life.
        let note = [CASE, ("text", "Asked the visa desk.")];
        let noted = tier1.run("tier1-triage", "note", &note).await;
        noted.message().expect("noted");
        w.advance(hours(7)).await;
        assert_eq!(tier1.channel("tier1-triage").await.all().len(), 2);
        w.advance(hours(2)).await;
        assert_eq!(tier1.channel("tier1-triage").await.all().len(), 3);
        w.advance(hours(8)).await;
        w.advance(hours(8)).await;
        let view = tier1.channel("tier1-triage").await;
        let freed = view.saying("INC-1 is free again");
        assert_eq!(pinged(&freed), 1);
        freed.expect("tier1 held it without a sign of life for too long");
        view.all();
        let card = view.card("INC-1");
        card.expect("Waiting for someone to claim it");
        let claimed = other.press(&card, "Claim").await.message();
        claimed.expect("INC-1 is yours");
        let told = w.member("manager").run("audit", "timeline", &[CASE]).await;
        let told = w
            .member("manager")
            .press(&told.message(), "Everything")
            .await;
        told.message()
            .expect("Baton: raised: held without a sign of life (1)")
            .expect("Baton: released: held too long without a sign of life");
    });
}

#[test]
fn what_was_typed_comes_back_with_a_refusal_in_the_answer_or_where_it_is_long_in_a_file() {
    scenario(async |w| {
        claimed(w).await;
        let tier1 = w.tier1();
        w.advance(hours(9)).await;
        let told = tier1.channel("tier1-triage").await.saying("sign of life");
        let form = tier1.press(&told, "Snooze").await.form();
        let refused = form
            .submit(&[("Until", "30d"), ("Reason", "The desk\n*sleeps*.")])
            .await
            .message();
        refused
            .expect("**What you typed**, to send it again:\n> The desk\n> \\*sleeps\\*.")
            .expect("> 30d");
        let long = "The visa desk sleeps. ".repeat(60);
        let form = tier1.press(&told, "Snooze").await.form();
        let refused = form
            .submit(&[("Until", "30d"), ("Reason", &long)])
            .await
            .message();
        refused.expect("All of it is in what-you-typed.txt");
        let file = w.file(&refused, "what-you-typed.txt").await;
        assert_eq!(file, format!("{long}\n\n30d"));
    });
}

#[test]
fn reminders_rest_with_a_reason_until_an_end_and_go_on_by_themselves() {
    scenario(async |w| {
        claimed(w).await;
        let (tier1, other) = (w.tier1(), w.tier1b());
        w.advance(hours(9)).await;
        let told = tier1.channel("tier1-triage").await.saying("sign of life");
        // Not by somebody else, not by who has no part in it, not without reason and end.
        other
            .press(&told, "Snooze")
            .await
            .message()
            .expect("tier1 holds it");
        let tier3 = w.member("tier3");
        let options = [CASE, ("until", "4h"), ("reason", "I like it quiet")];
        let refused = tier3.run("tier3-containment", "snooze", &options).await;
        refused.message().expect("belongs to the role tier1");
        let legal = w.member("legal");
        let hidden = legal.run("governance", "snooze", &options).await.text();
        let missing = [("incident", "INC-99"), options[1], options[2]];
        let missing = legal.run("governance", "snooze", &missing).await.text();
        assert_eq!(hidden, missing);
        let form = tier1.press(&told, "Snooze").await.form();
        let refused = form
            .submit(&[("Until", "30d"), ("Reason", " ")])
            .await
            .message();
        refused
            .expect("The reason is missing")
            .expect("The end is too far: here reminders rest for 1 day at most");
        let form = tier1.press(&told, "Snooze").await.form();
        let words = [
            ("Until", "20h"),
            ("Reason", "The visa desk answers tomorrow."),
        ];
        let rests = form.submit(&words).await.message();
        rests.expect("INC-1: its reminders rest until 2026-11-21 14:00 UTC");
        let view = tier1.channel("tier1-triage").await;
        view.card("INC-1").expect(
            "**Reminders**: snoozed until 2026-11-21 14:00 UTC by tier1: The visa desk answers tomorrow.",
        );
        let queue = other.run("tier1-triage", "queue", &[]).await.text();
        assert!(
            queue.contains("with tier1 · snoozed until 2026-11-21 14:00 UTC by tier1"),
            "{queue}"
        );
        // A tier that reads no more than a stub sees nothing of it.
        let stub = w
            .member("tier3")
            .run("tier3-containment", "queue", &[])
            .await;
        assert!(!stub.text().contains("snoozed"), "{}", stub.text());
        let before = view.all().len();
        w.advance(hours(19)).await;
        assert_eq!(tier1.channel("tier1-triage").await.all().len(), before);
        w.advance(minutes(61)).await;
        let view = tier1.channel("tier1-triage").await;
        assert_eq!(view.all().len(), before + 1);
        view.card("INC-1").lacks("Reminders");
        let told = w.member("manager").run("audit", "timeline", &[CASE]).await;
        let told = told.message();
        told.expect("tier1 (tier1): snoozed reminders until 2026-11-21 14:00 UTC");
        told.lacks("visa desk");
        // By command too; a person may be reached again earlier by taking it back with a shorter end.
        snoozes(&tier1, "1h", "On the phone.")
            .await
            .message()
            .expect("rest until 2026-11-21");
        looked_at(w).await;
    });
}

#[test]
fn a_handoff_nobody_accepts_reaches_the_duty_manager_alone_and_in_their_own_thread() {
    scenario(async |w| {
        offered(w).await;
        for _ in 0..2 {
            w.advance(minutes(61)).await;
        }
        looked_at(w).await;
        assert!(!w.guild().await.to_string().contains(DUTY));
        w.advance(minutes(61)).await;
        looked_at(w).await;
        let told = w.member("manager").channel(DUTY).await.all();
        let [word] = told.as_slice() else {
            panic!("{} messages", told.len());
        };
        let text = word.text();
        let (line, text) = text.split_once('\n').unwrap();
        assert!(
            line.ends_with("INC-1 waits, and you are duty manager"),
            "{line}"
        );
        insta::assert_snapshot!(text, @r"
        INC-1 waits for the duty manager
        **What waits**: a handoff that nobody accepts, raised every 60 min
        **Severity**: Low
        **Stage**: Investigation
        **Held by**: nobody
        **Open for**: 3 hours

        Those who can act were reminded and did not. Speak with them, or find somebody who can; /timeline INC-1 tells what was decided.
        Urgent · Raised 3 times
        ");
        assert_eq!(pinged(word), 1);
        for name in ["auditor", "admin", "tier1", "tier2", "legal", "outsider"] {
            w.member(name).cannot_see(DUTY).await;
        }
        assert!(w.member("auditor").channel("audit").await.is_empty());
        let card = w.tier2().channel("tier2-investigation").await.card("INC-1");
        card.expect("**Reminders**: raised 3 times; the duty manager is told");
        // Once it is accepted, nobody is told any more.
        w.tier2().press(&card, "Accept").await.message();
        w.tier2().channel("INC-1").await.all();
        w.advance(hours(23)).await;
        assert_eq!(w.member("manager").channel(DUTY).await.all().len(), 1);
    });
}

#[test]
fn where_no_duty_manager_can_be_reached_the_audit_channel_says_so_without_the_incident() {
    scenario(async |w| {
        let manager = w.member("manager");
        let set = [("side", "manager"), ("contact", "manager")];
        let refused = w.tier1().run("tier1-triage", "roster set", &set).await;
        refused.message().expect("Not yours to do");
        let stranger = [("side", "manager"), ("contact", "tier1")];
        let refused = manager.run("audit", "roster set", &stranger).await;
        refused
            .message()
            .expect("This step belongs to the role manager");
        manager.run("audit", "roster set", &set).await.message();
        let away = [("state", "away")];
        manager.run("audit", "roster absent", &away).await.message();
        let who = manager.run("audit", "roster who", &[]).await;
        who.message().expect("duty manager: nobody");
        offered(w).await;
        for _ in 0..3 {
            w.advance(minutes(61)).await;
        }
        looked_at(w).await;
        let said = w.member("admin").channel("audit").await;
        said.saying("No duty manager can be reached")
            .lacks("INC-1")
            .pings_nobody();
        let card = w.tier2().channel("tier2-investigation").await.card("INC-1");
        card.expect("raised 3 times; no duty manager can be reached");
        let back = [("state", "back")];
        manager.run("audit", "roster absent", &back).await.message();
        // Once their turn has come, the words become seldom: the next after twice the time.
        w.advance(minutes(61)).await;
        assert_eq!(w.member("auditor").channel("audit").await.all().len(), 1);
        w.advance(minutes(61)).await;
        looked_at(w).await;
        manager.channel(DUTY).await.saying("Raised 4 times");
    });
}

#[test]
fn a_deputy_who_steps_in_is_mentioned_and_let_into_the_briefs_thread_and_the_contact_leaves_it() {
    scenario(async |w| {
        w.roles("outsider", &["hr"]).await;
        let (hr, deputy) = (w.member("hr"), w.outsider());
        let set = [("side", "hr"), ("contact", "hr"), ("deputy", "outsider")];
        hr.run("governance", "roster set", &set).await.message();
        super::governance::misconduct(w).await;
        let stub = hr.channel("governance").await.saying("a brief waits");
        stub.lacks("passport");
        let brief = hr.channel(BRIEF_THREAD).await.card("INC-1");
        deputy.cannot_see(BRIEF_THREAD).await;
        let own = hr.press(&brief, "Answer or decide").await.message();
        let options = "Answer or decide…";
        let asked = hr.pick(&own, options, &["I have a conflict"]).await;
        let why = [("Why", "We share a flat.")];
        asked.form().submit(&why).await.message();
        let called = deputy.channel("governance").await;
        let called = called.saying("a deputy takes a contact's place");
        called.lacks("flat").lacks("passport");
        assert!(called.json["content"].as_str().unwrap().contains("<@"));
        let brief = deputy.channel(BRIEF_THREAD).await.card("INC-1");
        hr.cannot_see(BRIEF_THREAD).await;
        let read = deputy.press(&brief, "I have read this").await;
        read.message().expect("I have read this");
        super::governance::looked_at(w).await;
    });
}

#[test]
fn a_brief_nobody_reads_calls_contacts_then_deputies_then_the_duty_manager() {
    scenario(async |w| {
        w.roles("outsider", &["hr"]).await;
        let set = [("side", "hr"), ("contact", "hr"), ("deputy", "outsider")];
        let hr = w.member("hr");
        hr.run("governance", "roster set", &set).await.message();
        super::governance::misconduct(w).await;
        hr.channel(BRIEF_THREAD).await.all();
        hr.channel("governance").await.all();
        let word = async |said: &str| {
            // The investigation accepts within an hour; so long a brief waits.
            w.advance(minutes(61)).await;
            super::governance::looked_at(w).await;
            pinged(&hr.channel("governance").await.saying(said))
        };
        // HR and Legal, who has no deputy.
        assert_eq!(word("Your deputy is told next.").await, 2);
        w.outsider().cannot_see(BRIEF_THREAD).await;
        assert_eq!(word("the duty manager is told next").await, 3);
        w.outsider().channel(BRIEF_THREAD).await.all();
        // Whoever is away is not called any more; the deputy is.
        let away = [("state", "away")];
        hr.run("governance", "roster absent", &away).await.message();
        assert_eq!(word("the duty manager are told").await, 2);
        let told = w.member("manager").channel(DUTY).await;
        told.saying("the brief of engagement 1, not read yet")
            .lacks("passport");
    });
}

#[test]
fn what_is_not_urgent_waits_for_the_working_hours() {
    let office = |settings: &mut baton::config::Settings, _: &std::path::Path| {
        let text = "Mon-Fri 08:00-12:00";
        settings.organisation.working_hours =
            baton::domain::hours::Hours::parse(text, chrono_tz::Tz::UTC);
    };
    scenario_with(office, async |w| {
        // Friday at nine; four hours later nobody works any more.
        w.alert("purview", UPLOAD).await.accepted();
        let tier1 = w.tier1();
        w.advance(hours(5)).await;
        w.advance(hours(48)).await;
        assert_eq!(tier1.channel("tier1-triage").await.all().len(), 1);
        // Monday at eight: one word for the whole weekend.
        w.advance(hours(18)).await;
        let view = tier1.channel("tier1-triage").await;
        assert_eq!(view.all().len(), 2);
        view.saying("Raised 1 time").expect("[Claim] [Snooze]");
    });
}

#[test]
fn contact_hours_are_named_by_the_contact_and_shown_as_they_were_read() {
    scenario(async |w| {
        let legal = w.member("legal");
        let say = async |text: &str| {
            let options = [("hours", text)];
            legal
                .run("governance", "roster hours", &options)
                .await
                .message()
        };
        say("weekdays").await.expect("These hours cannot be read");
        say("Mon-Wed 09:00-12:30 Europe/Lisbon")
            .await
            .expect("You can be reached Mon,Tue,Wed 09:00-12:30 Europe/Lisbon.");
        let who = w.tier1().run("tier1-triage", "roster who", &[]).await;
        who.message()
            .expect("legal: legal (Mon,Tue,Wed 09:00-12:30 Europe/Lisbon)");
        say("none").await.expect("the organisation's working hours");
    });
}
