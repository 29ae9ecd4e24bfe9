//! The proof of the history: it passes as written, and one changed byte anywhere is named with its place.

use super::{Ground, alert, concerned, ground};
use crate::domain::incident::Command;
use crate::domain::role::Role;
use crate::store::verify::{Proof, verify};
use sha2::{Digest as _, Sha256};
use sqlx::{Connection as _, SqliteConnection};

/// Two incidents, five events, one view.
async fn story() -> Ground {
    let ground = ground().await;
    let tier1 = ground.actor("tier1", Role::Tier1).await;
    let first = ground.open(alert("a-1")).await;
    let second = ground.open(alert("a-2")).await;
    ground.app.act(&tier1, first, Command::Claim).await.unwrap();
    ground
        .app
        .act(&tier1, second, Command::Claim)
        .await
        .unwrap();
    ground.open(alert("a-1")).await;
    ground.app.details(&tier1, first).await.unwrap();
    ground
}

async fn proof(ground: &Ground) -> Proof {
    let mut reader = ground.app.store.read().await.unwrap();
    verify(&mut reader).await.unwrap()
}

/// As whoever has the file could: the triggers dropped first.
pub(super) async fn forge(ground: &Ground, statements: &[&'static str]) {
    let mut raw = SqliteConnection::connect(&format!("sqlite://{}", ground.file.display()))
        .await
        .unwrap();
    let triggers: Vec<String> =
        sqlx::query_scalar("SELECT name FROM sqlite_master WHERE type = 'trigger'")
            .fetch_all(&mut raw)
            .await
            .unwrap();
    assert!(triggers.len() >= 5);
    for trigger in triggers {
        let drop = sqlx::AssertSqlSafe(format!("DROP TRIGGER {trigger}"));
        sqlx::query(drop).execute(&mut raw).await.unwrap();
    }
    for statement in statements {
        let done = sqlx::query(*statement).execute(&mut raw).await.unwrap();
        assert_eq!(done.rows_affected(), 1, "{statement}");
    }
    raw.close().await.unwrap();
}

async fn fault_after(statement: &'static str) -> String {
    let ground = story().await;
    forge(&ground, &[statement]).await;
    proof(&ground).await.fault.unwrap()
}

#[tokio::test]
async fn an_honest_history_is_proven_whole() {
    let ground = story().await;
    let proof = proof(&ground).await;
    assert_eq!(proof.fault, None);
    assert_eq!(
        (proof.events, proof.incidents, proof.views, proof.purged),
        (5, 2, 1, 0)
    );
    assert_eq!(proof.head.len(), 64);
}

#[tokio::test]
async fn the_database_itself_refuses_to_change_or_delete_headers() {
    let ground = story().await;
    let mut raw = SqliteConnection::connect(&format!("sqlite://{}", ground.file.display()))
        .await
        .unwrap();
    for statement in [
        "UPDATE event_headers SET role = 'admin' WHERE seq = 1",
        "DELETE FROM event_headers WHERE seq = 5",
        "UPDATE event_payloads SET body = x'7b7d' WHERE seq = 1",
        "UPDATE access_headers SET staff = 1 WHERE seq = 1",
        "DELETE FROM access_headers WHERE seq = 1",
    ] {
        let refused = sqlx::query(statement).execute(&mut raw).await.unwrap_err();
        assert!(
            refused.to_string().contains("append-only"),
            "{statement}: {refused}"
        );
    }
    assert_eq!(proof(&ground).await.fault, None);
}

#[tokio::test]
async fn a_changed_byte_of_a_payload_names_its_event() {
    let fault = fault_after(
        "UPDATE event_payloads SET body = CAST(replace(CAST(body AS TEXT), 'claimed', 'clasmed') AS BLOB) WHERE seq = 3",
    )
    .await;
    assert_eq!(
        fault,
        "event 3 (INC-1, number 2, claimed): its contents were changed"
    );
}

#[tokio::test]
async fn a_changed_column_of_a_header_names_its_event() {
    for statement in [
        "UPDATE event_headers SET at_us = at_us + 1 WHERE seq = 2",
        "UPDATE event_headers SET staff = 999 WHERE seq = 2",
        "UPDATE event_headers SET role = 'admin' WHERE seq = 2",
        "UPDATE event_headers SET criterion = 'x' WHERE seq = 2",
    ] {
        let fault = fault_after(statement).await;
        assert_eq!(
            fault,
            "event 2 (INC-2, number 1, opened): its header was changed, or one before it together with its hash",
            "{statement}"
        );
    }
}

#[tokio::test]
async fn a_line_feed_in_a_column_names_its_event() {
    for (statement, event) in [
        // Two columns in one.
        (
            "UPDATE event_headers SET role = role || char(10) || kind, kind = '' WHERE seq = 2",
            2,
        ),
        (
            "UPDATE event_payloads SET body = CAST(body || char(10) AS BLOB) WHERE seq = 4",
            4,
        ),
    ] {
        let fault = fault_after(statement).await;
        let expected = format!(
            "event {event}: cannot be read: the store holds something unreadable in an entry of the history: it holds a line feed, which none does when it is written"
        );
        assert_eq!(fault, expected);
    }
}

#[tokio::test]
async fn two_entries_in_one_row_are_not_two() {
    let ground = story().await;
    // All that the last row says is moved into the contents of the one before it.
    let merged = "UPDATE event_payloads SET body = CAST(body || char(10) || (SELECT concat_ws(char(10), h.seq, h.incident_id,
            h.number, h.at_us, h.staff, h.role, h.kind, h.format, h.criterion, lower(hex(h.payload_hash)),
            lower(hex(h.hash)), '+' || hex(p.salt), p.body)
         FROM event_headers h JOIN event_payloads p ON p.seq = h.seq WHERE h.seq = 5) AS BLOB) WHERE seq = 4";
    let cut = [
        merged,
        "DELETE FROM event_payloads WHERE seq = 5",
        "DELETE FROM event_headers WHERE seq = 5",
    ];
    forge(&ground, &cut).await;
    let fault = proof(&ground).await.fault.unwrap();
    assert!(fault.starts_with("event 4: cannot be read: "), "{fault}");
}

#[tokio::test]
async fn a_link_of_the_chain_that_was_bent_names_its_event() {
    for statement in [
        "UPDATE event_headers SET hash = x'ff' WHERE seq = 2",
        "UPDATE event_headers SET payload_hash = x'' WHERE seq = 2",
    ] {
        assert_eq!(
            fault_after(statement).await,
            "event 2 (INC-2, number 1, opened): its header was changed, or one before it together with its hash",
            "{statement}"
        );
    }
}

#[tokio::test]
async fn a_header_that_was_changed_together_with_its_hash_shows_at_the_next() {
    let ground = story().await;
    let mut raw = SqliteConnection::connect(&format!("sqlite://{}", ground.file.display()))
        .await
        .unwrap();
    let covered: Vec<String> = sqlx::query_scalar(
        "SELECT concat_ws(char(10), seq, incident_id, number, at_us, 999, role, kind, format, criterion,
            lower(hex(payload_hash)), '') FROM event_headers WHERE seq = 2
         UNION ALL SELECT lower(hex(hash)) FROM event_headers WHERE seq = 1",
    )
    .fetch_all(&mut raw)
    .await
    .unwrap();
    let hash = hex::encode(Sha256::digest(covered.join("\n")));
    let forged = format!("UPDATE event_headers SET staff = 999, hash = x'{hash}' WHERE seq = 2");
    forge(&ground, &[forged.leak()]).await;
    assert_eq!(
        proof(&ground).await.fault.unwrap(),
        "event 3 (INC-1, number 2, claimed): its header was changed, or one before it together with its hash"
    );
}

#[tokio::test]
async fn a_header_that_is_no_text_any_more_names_its_event() {
    let fault =
        fault_after("UPDATE event_headers SET role = CAST(x'ff' AS TEXT) WHERE seq = 2").await;
    assert!(
        fault.starts_with("event 2: cannot be read: ") || fault.starts_with("event 2 ("),
        "{fault}"
    );
}

#[tokio::test]
async fn an_event_taken_out_of_the_middle_shows_at_the_next() {
    let ground = story().await;
    forge(
        &ground,
        &[
            "DELETE FROM event_payloads WHERE seq = 3",
            "DELETE FROM event_headers WHERE seq = 3",
        ],
    )
    .await;
    assert_eq!(
        proof(&ground).await.fault.unwrap(),
        "event 4 (INC-2, number 2, claimed): event 3 is missing before it"
    );
}

#[tokio::test]
async fn a_cut_tail_shows_against_the_saved_state_and_in_the_head() {
    let ground = story().await;
    let head = proof(&ground).await.head;
    forge(
        &ground,
        &[
            "DELETE FROM event_payloads WHERE seq = 5",
            "DELETE FROM event_headers WHERE seq = 5",
        ],
    )
    .await;
    let after = proof(&ground).await;
    assert_ne!(after.head, head);
    assert_eq!(
        after.fault.unwrap(),
        "INC-1: the saved state is not what its history leads to"
    );
}

#[tokio::test]
async fn a_changed_saved_state_names_its_incident() {
    for statement in [
        "UPDATE incidents SET state = replace(state, '\"raised\":0', '\"raised\":1') WHERE id = 2",
        "UPDATE incidents SET severity = 'low' WHERE id = 2",
        "UPDATE incidents SET is_open = 0 WHERE id = 2",
        "UPDATE incidents SET record = '{\"story\":[]}' WHERE id = 2",
    ] {
        let fault = fault_after(statement).await;
        assert_eq!(
            fault, "INC-2: the saved state is not what its history leads to",
            "{statement}"
        );
    }
    let fault = fault_after("UPDATE incidents SET state = '?' || state WHERE id = 2").await;
    assert!(
        fault.starts_with("INC-2: the saved state cannot be read"),
        "{fault}"
    );
}

#[tokio::test]
async fn a_changed_raw_body_and_a_changed_playbook_are_named() {
    let fault = fault_after("UPDATE raw_bodies SET body = x'00' WHERE alert_id = 2").await;
    assert_eq!(fault, "raw body of ALR-2: it was changed");
    let fault = fault_after("UPDATE playbooks SET body = body || ' ' WHERE version = '3.1'").await;
    assert!(
        fault.ends_with("version 3.1: its text was changed"),
        "{fault}"
    );
}

#[tokio::test]
async fn a_changed_view_is_named() {
    for statement in [
        "UPDATE access_headers SET staff = 999 WHERE seq = 1",
        "UPDATE access_headers SET what = 'queue' WHERE seq = 1",
    ] {
        assert_eq!(
            fault_after(statement).await,
            "view 1 of the access log was changed"
        );
    }
}

#[tokio::test]
async fn contents_that_are_missing_without_a_purge_are_a_fault() {
    let ground = story().await;
    let mut raw = SqliteConnection::connect(&format!("sqlite://{}", ground.file.display()))
        .await
        .unwrap();
    sqlx::query("DELETE FROM event_payloads WHERE seq = 2")
        .execute(&mut raw)
        .await
        .unwrap();
    let proof = proof(&ground).await;
    assert_eq!(
        proof.fault.unwrap(),
        "event 2 (INC-2, number 1, opened): its contents are missing, and no purge says so"
    );
}

#[tokio::test]
async fn the_proof_holds_beside_a_service_that_goes_on_writing() {
    let ground = story().await;
    let writing = async {
        for n in 0..40 {
            ground.open(alert(&format!("b-{n}"))).await;
        }
    };
    let proving = async {
        for _ in 0..20 {
            assert_eq!(proof(&ground).await.fault, None);
        }
    };
    tokio::join!(writing, proving);
    assert_eq!(proof(&ground).await.events, 45);
}

#[tokio::test]
async fn headers_hold_no_text_of_the_alert_and_staff_only_by_number() {
    let ground = story().await;
    let person = concerned(&ground, crate::domain::ids::IncidentId(1)).await;
    assert!(person.0 > 0);
    let texts = ground
        .number(
            "SELECT COUNT(*) FROM event_headers WHERE role || kind || criterion || hex(payload_hash) || hex(hash)
             LIKE '%porter%' OR role || kind || criterion LIKE '%secret%'",
        )
        .await;
    assert_eq!(texts, 0);
}
