//! A wall that an import finds while incidents are open: cards and briefs move at once, the person leaves the threads.

use super::governance::{BRIEF_THREAD, CASE, REGULATED, UPLOAD, engages, investigated, looked_at};
use super::harness::{World, scenario};
use baton::domain::directory::{Identity, Listed};

fn identity(kind: &'static str, value: &str) -> Identity {
    let value = value.to_owned();
    Identity { kind, value }
}

/// The directory says: the person of the sample alert, and this member as their line manager.
pub(super) async fn imports(w: &World, manager: &str) {
    let account = w.account(manager).await;
    let line = |line, key: &str, manager: Option<&str>, identities| Listed {
        line,
        key: key.to_owned(),
        name: None,
        department: None,
        line_manager: manager.map(str::to_owned),
        identities,
    };
    let upn = w
        .stored("SELECT value FROM identities WHERE kind = 'upn' AND person_id IN (SELECT person_id FROM incident_persons)")
        .await;
    let listed = vec![
        line(2, "p-1", Some("p-2"), vec![identity("upn", &upn)]),
        line(3, "p-2", None, vec![identity("account", &account)]),
    ];
    // As `baton people import` does it, beside the service.
    let plan = w
        .service()
        .app
        .import_people(listed, false, "f00d".to_owned())
        .await
        .unwrap();
    assert!(plan.faults.is_empty(), "{:?}", plan.faults);
}

#[test]
fn an_import_moves_the_card_that_a_line_manager_could_read_at_once() {
    scenario(async |w| {
        w.alert("purview", UPLOAD).await.accepted();
        w.tier1().channel("tier1-triage").await.card("INC-1");
        imports(w, "tier1b").await;
        assert!(w.tier1b().channel("tier1-triage").await.is_empty());
        let thread = w
            .stored("SELECT channel_id FROM posted WHERE key = 'sealed:INC-1'")
            .await;
        w.tier1().channel(&thread).await.card("INC-1");
        w.tier1b().cannot_see(&thread).await;
        let walled = w.tier1b();
        let offered = walled.offered("tier1-triage", "claim", "incident", &[]);
        assert!(offered.await.is_empty());
    });
}

#[test]
fn an_import_moves_the_brief_and_brings_the_deputy() {
    scenario(async |w| {
        w.roles("outsider", &["legal"]).await;
        let set = [
            ("side", "legal"),
            ("contact", "legal"),
            ("deputy", "outsider"),
        ];
        let named = w
            .member("legal")
            .run("governance", "roster set", &set)
            .await;
        named.message().expect("legal is set");
        investigated(w).await;
        engages(w, REGULATED).await;
        let (legal, deputy) = (w.member("legal"), w.outsider());
        legal.channel("governance").await.card("INC-1");
        imports(w, "legal").await;
        for message in legal.channel("governance").await.all() {
            message.lacks("A list of applicants");
        }
        legal.cannot_see(BRIEF_THREAD).await;
        let brief = deputy.channel(BRIEF_THREAD).await.card("INC-1");
        brief.expect("outsider (legal): not yet");
        looked_at(w).await;
        let told = w.member("manager").run("audit", "timeline", &[CASE]).await;
        told.message().lacks("line manager:");
        let gone = legal
            .run("governance", "governance contacts", &[CASE])
            .await;
        gone.message().expect("Nothing there");
    });
}
