//! Who a name in a body stands for: a person's identity, or an account of the service itself. An alert's
//! actor is never a service account.

use crate::domain::alert::User;

const SERVICE: [&str; 16] = [
    "system",
    "local system",
    "localsystem",
    "local service",
    "network service",
    "anonymous logon",
    "dlpagent",
    "securitycompliancealerts",
    "securitycomplianceinsights",
    "cloudappsecurity",
    "app@sharepoint",
    "sharepoint\\system",
    "serviceoperator",
    "not available",
    "unknown",
    "n/a",
];

/// Whether a name is a service's or nobody's.
pub(super) fn is_service(name: &str) -> bool {
    let name = name.trim().to_lowercase();
    let bare = name.rsplit('\\').next().unwrap_or_default();
    name.is_empty()
        || SERVICE.contains(&name.as_str())
        || SERVICE.contains(&bare)
        || ["nt authority\\", "nt service\\", "window manager\\", "font driver host\\"]
            .iter()
            .any(|domain| name.starts_with(domain))
        || matches!(name.as_str(), "s-1-5-18" | "s-1-5-19" | "s-1-5-20")
        // An account that belongs to a computer.
        || bare.ends_with('$')
}

/// The identity behind one text: an address, `DOMAIN\name`, a SID, else a bare name or reference.
pub(super) fn person(text: &str) -> Option<User> {
    let text = text.trim();
    if is_service(text) {
        return None;
    }
    let mut user = User::default();
    if text.to_ascii_uppercase().starts_with("S-1-") {
        user.sid = Some(text.to_owned());
    } else if text.contains('@') {
        user.upn = Some(text.to_lowercase());
    } else if let Some((domain, name)) = text.split_once('\\') {
        user.domain = Some(domain.to_owned());
        user.name = Some(name.to_owned());
    } else {
        user.name = Some(text.to_owned());
    }
    Some(user)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_account_is_nobody() {
        for name in [
            "SYSTEM",
            "NT AUTHORITY\\SYSTEM",
            "DlpAgent",
            "S-1-5-18",
            "HOST01$",
            " ",
        ] {
            assert_eq!(person(name), None, "{name}");
        }
    }

    #[test]
    fn an_identity_is_read_by_its_form() {
        let shown = |t: &str| person(t).and_then(|u| u.shown());
        assert_eq!(
            shown("Clerk@Contoso.Example").as_deref(),
            Some("clerk@contoso.example")
        );
        assert_eq!(shown("CORP\\clerk").as_deref(), Some("CORP\\clerk"));
        assert_eq!(shown("S-1-5-21-1-2-3").as_deref(), Some("S-1-5-21-1-2-3"));
        assert_eq!(shown("acct3").as_deref(), Some("acct3"));
    }
}
