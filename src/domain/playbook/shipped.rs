//! The playbooks that the binary carries. Nothing else in the program knows their ids.

/// File name and text of each.
pub const fn embedded() -> [(&'static str, &'static str); 2] {
    [
        (
            "purview-dlp.toml",
            include_str!("../../../templates/playbooks/purview-dlp.toml"),
        ),
        (
            "endpoint-security.toml",
            include_str!("../../../templates/playbooks/endpoint-security.toml"),
        ),
    ]
}

#[cfg(test)]
mod tests;
