//! Logs: one line an event, to standard error, as text or JSON. No contents, names or tokens above debug.

use std::io::IsTerminal as _;
use tracing_subscriber::EnvFilter;

/// Installs the subscriber once; `filter` is in the form of `tracing`, such as `info` or `baton=debug`.
pub fn init(filter: &str, json: bool) -> Result<(), String> {
    let filter = EnvFilter::try_new(filter)
        .map_err(|fault| format!("the log filter `{filter}` cannot be read: {fault}"))?;
    let logs = tracing_subscriber::fmt()
        .with_env_filter(filter)
        // A file or a journal gets plain text.
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    let installed = if json {
        logs.json().try_init()
    } else {
        logs.try_init()
    };
    installed.map_err(|fault| format!("logging was set up before: {fault}"))
}
