//! The playbooks that the binary carries. Nothing else in the program knows their ids.

/// File name and text of each, in the order in which they are asked. The last takes what no other takes.
pub const fn embedded() -> [(&'static str, &'static str); 3] {
    [
        (
            "purview-dlp.toml",
            include_str!("../../../templates/playbooks/purview-dlp.toml"),
        ),
        (
            "endpoint-security.toml",
            include_str!("../../../templates/playbooks/endpoint-security.toml"),
        ),
        (
            "unrouted.toml",
            include_str!("../../../templates/playbooks/unrouted.toml"),
        ),
    ]
}

#[cfg(test)]
mod tests;
