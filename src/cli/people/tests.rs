//! The directory's file, and what an import prints and keeps.

use super::super::PeopleCommand;
use super::listing;
use super::*;
use crate::app::{Clock, Ids};
use chrono::{DateTime, Utc};
use std::path::Path;

struct Frozen;

impl Clock for Frozen {
    fn now(&self) -> DateTime<Utc> {
        "2026-11-21T09:00:00Z".parse().unwrap()
    }
}

impl Ids for Frozen {
    fn salt(&self) -> [u8; 16] {
        [0; 16]
    }
}

const HEADER: &str = "person,name,department,line_manager,account,sid,domain_name,aliases\n";

fn faults(text: &str) -> Vec<(u64, String)> {
    let (_, faults) = listing::read(text.as_bytes());
    faults.into_iter().map(|f| (f.line, f.text)).collect()
}

#[test]
fn a_file_with_a_byte_order_mark_quotes_and_every_identity_is_read() {
    let text = format!(
        "\u{feff}{HEADER}P-1@A.example,\"Gate, West\",Gates,,900,s-1-5-21-7,A\\West,w@a.example; 0a1b2c3d-0000-4000-8000-0123456789AB\n"
    );
    let (listed, faults) = listing::read(text.as_bytes());
    assert_eq!(faults, []);
    assert_eq!(listed[0].name.as_deref(), Some("Gate, West"));
    let all: Vec<(&str, &str)> = listed[0]
        .identities
        .iter()
        .map(|i| (i.kind, i.value.as_str()))
        .collect();
    assert_eq!(
        all,
        [
            ("upn", "p-1@a.example"),
            ("account", "900"),
            ("sid", "S-1-5-21-7"),
            ("name", "a\\west"),
            ("upn", "w@a.example"),
            ("reference", "0a1b2c3d-0000-4000-8000-0123456789ab"),
        ]
    );
}

#[test]
fn every_line_that_is_not_right_is_named_at_once() {
    let text = format!(
        "{HEADER}\
         a@a.example,A,,,9.1E+17,,,\n\
         ,B,,,,,,\n\
         c@a.example,C,,,,17,west,nonsense\n\
         c@a.example,C,,,,,,\n\
         d@a.example,D\n\
         e@a.example,E,,,,,,a@a.example\n"
    );
    let found = faults(&text);
    let lines: Vec<u64> = found.iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, [2, 3, 4, 4, 4, 5, 6, 7], "{found:?}");
    assert!(found[0].1.contains("9.1E+17"), "{found:?}");
    assert!(found[7].1.contains("line 2 too"), "{found:?}");
}

#[test]
fn a_header_that_lacks_a_column_has_a_strange_one_or_semicolons_is_told() {
    let found = faults("person,name,department,account,shoe\nx,,,,\n");
    let told: Vec<&str> = found.iter().map(|(_, text)| text.as_str()).collect();
    assert!(told[0].contains("column shoe"), "{told:?}");
    assert!(told[1].contains("no column line_manager"), "{told:?}");
    let semicolons = faults("person;name;department;line_manager;account\n");
    assert!(semicolons[0].1.contains("commas"));
    assert!(faults(HEADER)[0].1.contains("no person"));
    let (_, latin) = listing::read(b"person,name\nx,M\xfcller\n");
    assert_eq!(latin[0].line, 2);
    assert!(latin[0].text.contains("UTF-8"));
}

/// A data folder with an empty store.
async fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let (store, writing) = Store::open(&store_in(folder.path())).await.unwrap();
    tokio::join!(writing, store.close());
    folder
}

async fn import(folder: &Path, text: &str, more: &[&str]) -> (bool, String) {
    use clap::Parser as _;
    let file = folder.join("people.csv");
    std::fs::write(&file, text).unwrap();
    let (file, folder) = (file.to_str().unwrap(), folder.to_str().unwrap());
    let line = ["baton", "people", "import", file, "--data", folder];
    let cli = crate::cli::Cli::try_parse_from(line.iter().chain(more)).unwrap();
    let crate::cli::Command::People(PeopleCommand::Import(args)) = cli.command else {
        panic!("not an import");
    };
    let ports = Ports {
        clock: Arc::new(Frozen),
        ids: Arc::new(Frozen),
    };
    let mut out = Vec::new();
    let code = run(&args, ports, &mut out).await.unwrap();
    let well = format!("{code:?}") == format!("{:?}", ExitCode::SUCCESS);
    (well, String::from_utf8(out).unwrap())
}

#[tokio::test]
async fn an_import_says_who_is_new_changed_and_gone() {
    let folder = folder().await;
    let first = format!("{HEADER}a@a.example,A,Gates,b@a.example,,,,\nb@a.example,B,Gates,,,,,\n");
    let (well, told) = import(folder.path(), &first, &["--dry-run"]).await;
    assert!(well && told.contains("2 new") && told.contains("nothing was imported"));
    let (well, told) = import(folder.path(), &first, &[]).await;
    assert!(well, "{told}");
    assert!(
        told.ends_with("2 new, 0 changed, 0 as before, 0 gone.\n"),
        "{told}"
    );
    let (_, told) = import(folder.path(), &first, &[]).await;
    assert!(
        told.ends_with("0 new, 0 changed, 2 as before, 0 gone.\n"),
        "{told}"
    );
    let later = format!("{HEADER}b@a.example,B,Yard,,77,,,\n");
    let (well, told) = import(folder.path(), &later, &[]).await;
    assert!(well, "{told}");
    assert!(
        told.contains("changed  b@a.example (B): department, account 77"),
        "{told}"
    );
    assert!(told.contains("gone     a@a.example (A)"), "{told}");
}

#[tokio::test]
async fn a_file_with_one_wrong_line_imports_nothing_and_tells_all_findings() {
    let folder = folder().await;
    let wrong = format!("{HEADER}a@a.example,A,,nobody,,,,\nb@a.example,B,,,x,,,\n");
    let (well, told) = import(folder.path(), &wrong, &[]).await;
    assert!(!well);
    assert!(told.contains("line 2: line_manager nobody"), "{told}");
    assert!(told.contains("line 3: account x"), "{told}");
    assert!(
        told.ends_with("2 findings. Nothing was imported.\n"),
        "{told}"
    );
    let right = format!("{HEADER}b@a.example,B,,,,,,\n");
    let (_, told) = import(folder.path(), &right, &["--dry-run"]).await;
    assert!(told.contains("1 new"), "{told}");
}
