//! What the README tells to type exists, and every subcommand stands in it.

use super::source::root;
use baton::cli::Cli;
use clap::{CommandFactory as _, Parser as _};
use std::os::unix::fs::PermissionsExt as _;

fn readme() -> String {
    std::fs::read_to_string(root().join("README.md")).unwrap()
}

/// Every command line: those in shell blocks, and those between backticks.
fn command_lines(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut shell = false;
    for line in text.lines() {
        match line.trim() {
            "```sh" => shell = true,
            "```" => shell = false,
            line if shell => lines.push(line.to_owned()),
            line => lines.extend(line.split('`').skip(1).step_by(2).map(str::to_owned)),
        }
    }
    lines
}

/// The arguments of a line that starts Baton, without the program.
fn arguments(line: &str) -> Option<Vec<&str>> {
    let rest = line
        .strip_prefix("cargo run -- ")
        .or_else(|| line.strip_prefix("baton "))?;
    Some(rest.split_whitespace().collect())
}

#[test]
fn each_command_of_the_readme_is_understood() {
    let lines = command_lines(&readme());
    let mut tried = 0;
    for line in &lines {
        if let Some(arguments) = arguments(line) {
            tried += 1;
            // Without the sandbox its two commands are gone, as the README says where it names the feature.
            let left_out =
                !cfg!(feature = "sandbox") && ["demo", "sandbox"].contains(&arguments[0]);
            let subcommand = Cli::command()
                .get_subcommands()
                .any(|c| c.get_name() == arguments[0]);
            assert!(
                subcommand != left_out,
                "README.md says `{line}`, which is no subcommand"
            );
            // A bare name speaks of the command and is not to be typed so.
            if arguments.len() > 1 {
                let parsed = Cli::try_parse_from(["baton"].into_iter().chain(arguments));
                assert!(
                    parsed.is_ok() != left_out,
                    "README.md says `{line}`: {}",
                    parsed.unwrap_err()
                );
            }
        }
    }
    assert!(tried >= 5, "the README names {tried} commands");
}

#[test]
fn each_subcommand_stands_in_the_readme() {
    let lines = command_lines(&readme());
    for command in Cli::command().get_subcommands() {
        let name = command.get_name();
        let told = lines
            .iter()
            .filter_map(|line| arguments(line))
            .any(|a| a[0] == name);
        assert!(
            told,
            "`baton {name}` is in the program and not in README.md"
        );
    }
}

#[test]
fn the_scripts_of_the_readme_can_be_run() {
    let lines = command_lines(&readme());
    assert!(
        lines.iter().any(|line| line == "tests/run"),
        "the README no longer says how to run the tests"
    );
    for line in lines
        .iter()
        .filter(|line| line.starts_with("tests/") && !line.ends_with('/'))
    {
        let file = root().join(line.split_whitespace().next().unwrap());
        if file.is_dir() {
            continue;
        }
        let mode = file
            .metadata()
            .unwrap_or_else(|e| panic!("{line}: {e}"))
            .permissions()
            .mode();
        assert_eq!(mode & 0o111, 0o111, "{line} is not executable: chmod +x");
    }
}

#[test]
fn each_file_of_the_readme_exists() {
    let lines = command_lines(&readme());
    let folders = ["src/", "tests/", "templates/", "deploy/", "migrations/"];
    for line in lines
        .iter()
        .filter(|line| folders.iter().any(|folder| line.starts_with(folder)))
    {
        let path = line.split_whitespace().next().unwrap();
        assert!(
            root().join(path).exists(),
            "README.md names {path}, which is not there"
        );
    }
}
