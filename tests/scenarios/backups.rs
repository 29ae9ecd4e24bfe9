//! Backups by the clock: made when due beside everything else, the oldest thrown away; one that fails is told, and the first
//! that works again.

use super::harness::{minutes, scenario_with};
use baton::config::BackupSettings;
use baton::store::backup;
use chrono::{NaiveTime, TimeDelta};
use std::path::Path;
use tempfile::TempDir;

fn nightly(dir: &Path) -> BackupSettings {
    BackupSettings {
        dir: dir.to_owned(),
        at: vec![NaiveTime::from_hms_opt(2, 30, 0).unwrap()],
        keep: 2,
        recipients: Vec::new(),
    }
}

fn names(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_backup_is_made_each_night_and_the_newest_two_stay() {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("notes.txt"), "not Baton's").unwrap();
    let dir = folder.path().to_owned();
    scenario_with(
        move |settings, _| settings.backup = Some(nightly(&dir)),
        async |w| {
            // The first is due at once, the next in the night.
            assert!(w.service().back_up_if_due().await.unwrap());
            assert!(!w.service().back_up_if_due().await.unwrap());
            for _ in 0..3 {
                w.advance(TimeDelta::days(1)).await;
                assert!(w.service().back_up_if_due().await.unwrap());
                assert!(!w.service().back_up_if_due().await.unwrap());
            }
            let names = names(folder.path());
            assert_eq!(names.len(), 3, "{names:?}");
            assert!(names[0].ends_with("-20261122T090000Z.db"), "{names:?}");
            assert!(names[1].ends_with("-20261123T090000Z.db"), "{names:?}");
            assert_eq!(names[2], "notes.txt");
            let service = w.service();
            let mut reader = service.app.store.read().await.unwrap();
            let last = backup::last_backup(&mut reader).await.unwrap().unwrap();
            assert!(last.file.ends_with(&names[1]) && !last.sealed);
            assert_eq!(backup::last_backup_fault(&mut reader).await.unwrap(), None);
        },
    );
}

#[test]
fn a_backup_that_fails_is_told_once_and_so_is_the_first_that_works() {
    let folder = TempDir::new().unwrap();
    let dir = folder.path().join("backups");
    // No folder, and none can be made in its place.
    std::fs::write(&dir, "in the way").unwrap();
    let planned = dir.clone();
    scenario_with(
        move |settings, _| settings.backup = Some(nightly(&planned)),
        async |w| {
            w.expected().log("the backup failed");
            assert!(!w.service().back_up_if_due().await.unwrap());
            let auditor = w.member("auditor");
            let audit = auditor.channel("audit").await;
            audit
                .saying("Backups fail")
                .expect("None was made since 2026-11-20 09:00")
                .expect("backups")
                .expect("tried again every quarter");
            // Tried again after a quarter of an hour, and the same reason is not told twice.
            w.advance(minutes(14)).await;
            assert!(!w.service().back_up_if_due().await.unwrap());
            w.advance(minutes(1)).await;
            assert!(!w.service().back_up_if_due().await.unwrap());
            assert_eq!(auditor.channel("audit").await.all().len(), 1);
            let since = {
                let service = w.service();
                let mut reader = service.app.store.read().await.unwrap();
                let fault = backup::last_backup_fault(&mut reader)
                    .await
                    .unwrap()
                    .unwrap();
                assert_eq!(fault.tried_at - fault.since, minutes(15));
                assert_eq!(fault.over_at, None);
                fault.since
            };
            std::fs::remove_file(&dir).unwrap();
            w.advance(minutes(15)).await;
            assert!(w.service().back_up_if_due().await.unwrap());
            let audit = auditor.channel("audit").await;
            audit.saying("Backups work again").expect("not sealed");
            assert_eq!(names(&dir).len(), 1);
            let service = w.service();
            let mut reader = service.app.store.read().await.unwrap();
            let fault = backup::last_backup_fault(&mut reader)
                .await
                .unwrap()
                .unwrap();
            assert_eq!((fault.since, fault.over_at.is_some()), (since, true));
        },
    );
}
