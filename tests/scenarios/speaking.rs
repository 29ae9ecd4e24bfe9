//! Speaking to those who are not on the case: asked with a wording, decided by whose word the rule names.

use super::governance::{CASE, MISCONDUCT, engages, investigated, looked_at, pinged};
use super::harness::{Member, Message, World, minutes, scenario};

const CALM: &str = "We look into a report and will come back to you.";

async fn asks(w: &World, to: &str, wording: &str, more: &[(&str, &str)]) -> Message {
    let mut options = vec![
        CASE,
        ("to", to),
        ("wording", wording),
        ("why", "They asked."),
    ];
    options.extend_from_slice(more);
    let tier2 = w.tier2();
    let answer = tier2
        .run("tier2-investigation", "comms request", &options)
        .await;
    answer.message()
}

async fn timeline(member: &Member) -> Message {
    let told = member.run("audit", "timeline", &[CASE]).await;
    told.message()
}

#[test]
fn the_line_manager_is_told_informally_and_only_the_way_through_hr_exists() {
    scenario(async |w| {
        investigated(w).await;
        let tier2 = w.tier2();
        let offered = tier2.offered("tier2-investigation", "comms request", "to", &[CASE]);
        assert_eq!(
            offered.await,
            ["line-manager", "person-concerned", "outside", "colleagues"]
        );
        // Without HR there is nobody who could say it.
        asks(w, "line-manager", CALM, &[])
            .await
            .expect("this incident has none")
            .expect("Engage Governance first");
        engages(w, MISCONDUCT).await;
        w.member("hr").channel("governance").await.all();
        w.member("hr").channel("INC-1 brief 1").await.all();
        asks(w, "line-manager", CALM, &[])
            .await
            .expect("It waits for hr.");
        let hr = w.member("hr");
        let asked = hr
            .channel("governance")
            .await
            .saying("a wording waits for your word");
        asked.lacks("look into").lacks("line manager");
        assert_eq!(pinged(&asked), 1);
        // Nobody else reads or decides it: not Legal, not who asked.
        let legal = w.member("legal").press(&asked, "Read and decide").await;
        legal.message().expect("not yours to read");
        let mine = [CASE, ("request", "1"), ("answer", "agree")];
        let own = tier2
            .run("tier2-investigation", "comms decide", &mine)
            .await;
        own.message().expect("not yours to decide");
        let seen = hr.press(&asked, "Read and decide").await.message();
        seen.expect(CALM)
            .expect("The line manager of the person concerned")
            .expect("Only the named HR contact speaks to the line manager.");
        let form = hr.press(&seen, "Refuse").await.form();
        form.submit(&[("Why", "She would warn him.")])
            .await
            .message()
            .expect("request 1 is refused");
        let thread = tier2.channel("INC-1").await;
        let decided = thread.saying("refused request 1 for hr");
        decided.lacks("warn him");
        // Who asked reads why; the manager's timeline has only that it was refused.
        let read = tier2.press(&decided, "Read the wording").await.message();
        read.expect("refuses: She would warn him.");
        timeline(&w.member("manager"))
            .await
            .expect("asked to speak to The line manager of the person concerned (request 1)")
            .expect("refused request 1 for hr")
            .lacks(CALM)
            .lacks("warn him");
        timeline(&w.member("auditor"))
            .await
            .expect(CALM)
            .lacks("warn him");
    });
}

#[test]
fn the_incident_has_or_is_likely_to_have_external_visibility() {
    scenario(async |w| {
        investigated(w).await;
        engages(
            w,
            ("Criteria that are met", "It is or will be visible outside"),
        )
        .await;
        let legal = w.member("legal");
        legal.channel("governance").await.all();
        // What says more than is known is mended or justified.
        asks(
            w,
            "outside",
            "It was probably our fault; rest assured.",
            &[],
        )
        .await
        .expect("“probably” (Speculation)")
        .expect("“rest assured” (A guarantee)");
        asks(w, "outside", CALM, &[])
            .await
            .expect("It waits for tier3 and legal.");
        w.tier2().channel("INC-1").await.all();
        let tier3 = w.member("tier3");
        let asked = tier3
            .channel("tier3-containment")
            .await
            .saying("a wording waits");
        asked.lacks("look into").pings_nobody();
        let seen = tier3.press(&asked, "Read and decide").await.message();
        seen.expect(CALM).expect("**Waits for**: tier3, legal");
        let agreed = tier3.press(&seen, "Agree").await.message();
        agreed.expect("Another side is still to be heard.");
        // Legal agrees in other words: Security is asked again.
        let asked = legal.channel("governance").await.saying("a wording waits");
        let seen = legal.press(&asked, "Read and decide").await.message();
        let form = legal.press(&seen, "Agree in other words").await.form();
        assert_eq!(form.standing("Wording"), [CALM]);
        let guess = [("Wording", "It seems that data left.")];
        let refused = form.submit(&guess).await.message();
        refused.expect("“it seems” (Speculation)");
        let form = legal.press(&seen, "Agree in other words").await.form();
        let other = [("Wording", "We look into a report.")];
        form.submit(&other)
            .await
            .message()
            .expect("Another side is still to be heard.");
        let offered = tier3.offered("tier3-containment", "comms decide", "request", &[CASE]);
        assert_eq!(offered.await, ["1"]);
        let again = [CASE, ("request", "1"), ("answer", "agree")];
        let agreed = tier3.run("tier3-containment", "comms decide", &again).await;
        agreed.message().expect("in this wording");
        looked_at(w).await;
        let late = legal.press(&seen, "Agree").await.message();
        late.expect("Request 1 is approved already.");
        timeline(&w.member("auditor"))
            .await
            .expect("agreed to request 1 for legal, in other words")
            .expect("We look into a report.");
    });
}

#[test]
fn a_request_that_nobody_decides_is_said_again() {
    scenario(async |w| {
        investigated(w).await;
        asks(w, "person-concerned", CALM, &[])
            .await
            .expect("It waits for tier3.");
        let tier3 = w.member("tier3");
        let once = tier3.channel("tier3-containment").await.all().len();
        w.advance(minutes(61)).await;
        let twice = tier3.channel("tier3-containment").await.all().len();
        assert_eq!(twice, once + 1);
        let decide = [CASE, ("request", "1"), ("answer", "agree")];
        tier3
            .run("tier3-containment", "comms decide", &decide)
            .await
            .message()
            .expect("request 1 is approved");
        w.advance(minutes(600)).await;
        let after = tier3.channel("tier3-containment").await.all().len();
        assert_eq!(after, twice);
        looked_at(w).await;
    });
}

#[test]
fn briefs_and_findings_are_warned_of_such_words_and_go_all_the_same() {
    scenario(async |w| {
        investigated(w).await;
        let tier2 = w.tier2();
        let first = tier2.run("tier2-investigation", "escalate", &[CASE]).await;
        let guess = [("Findings", "The link is probably open.")];
        let review = first.form().fill(&guess).await.message();
        review
            .expect("Look again")
            .expect("Findings says “probably” (Speculation)");
    });
}
