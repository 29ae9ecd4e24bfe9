//! Where secrets come from: files and the environment, never the configuration file itself. They do not
//! print, and are wiped when dropped.

use secrecy::SecretString;
use secrecy::zeroize::Zeroize;
use std::path::Path;

const LONGEST_BYTES: u64 = 64 * 1024;

/// A variable of the environment. The program's only look at it.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the environment; everything else is handed what it needs"
)]
pub fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The secret in a file, without the line end that editors add.
pub(super) fn from_file(path: &Path) -> Result<SecretString, String> {
    let shown = path.display();
    let size = std::fs::metadata(path)
        .map_err(|e| format!("{shown} cannot be read: {e}"))?
        .len();
    if size > LONGEST_BYTES {
        return Err(format!("{shown} is too long for a secret"));
    }
    let text = std::fs::read_to_string(path).map_err(|e| {
        format!(
            "{shown} cannot be read: {e}. Write the secret there, for its owner alone (chmod 600)."
        )
    })?;
    let secret = from_text(text);
    secret.ok_or_else(|| format!("{shown} is empty"))
}

pub(super) fn from_text(mut text: String) -> Option<SecretString> {
    let secret = text.trim().to_owned();
    text.zeroize();
    (!secret.is_empty()).then(|| SecretString::from(secret))
}
