//! Reading the fixtures and the shipped playbooks.

use super::fault::Fault;
use super::read;

fn lines(faults: &[Fault]) -> String {
    faults.iter().map(|f| format!("{f}\n")).collect()
}

#[test]
fn an_invented_playbook_reads_clean() {
    let text = include_str!("../../../tests/data/playbooks/invented.toml");
    let playbook = read(text).map_err(|faults| lines(&faults)).unwrap();
    assert_eq!(playbook.stages.len(), 3);
}

#[test]
fn every_shipped_playbook_reads_clean() {
    for (name, text) in super::shipped::embedded() {
        if let Err(faults) = read(text) {
            panic!("{name}:\n{}", lines(&faults));
        }
    }
}
