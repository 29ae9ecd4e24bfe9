//! The evidence of a Graph alert: who, which device, which file; the rest as a line each. The account
//! that runs a process is not the person the alert is about.

use super::json::{first, integer, list, text};
use super::{Filling, identity};
use crate::domain::alert::{AlertKind, Device, File, User};
use serde_json::Value;

pub(super) fn read(filling: &mut Filling, alert: &Value) {
    let evidence = list(alert, "/evidence");
    filling.facts.user = evidence
        .iter()
        .find_map(|e| user(e, filling.facts.kind == AlertKind::Dlp));
    for entry in evidence {
        let kind = kind(entry);
        match kind.as_str() {
            "deviceevidence" if filling.facts.device.is_none() => {
                filling.facts.device = Some(device(entry));
            }
            "fileevidence" if filling.detail.file.is_none() => {
                filling.detail.file = entry.pointer("/fileDetails").map(file);
            }
            _ => filling.detail.evidence.extend(line(&kind, entry)),
        }
    }
}

/// The last word of the evidence's type, in lower case.
fn kind(entry: &Value) -> String {
    let full = text(entry, "/@odata.type")
        .unwrap_or_default()
        .to_lowercase();
    full.rsplit('.').next().unwrap_or_default().to_owned()
}

/// A user named as such, a mailbox, and for DLP the sender of the mail.
fn user(entry: &Value, is_dlp: bool) -> Option<User> {
    match kind(entry).as_str() {
        "userevidence" => account(entry),
        "mailboxevidence" => account(entry).or_else(|| {
            let address = first(entry, &["/upn", "/primaryAddress"])?;
            identity::person(&address)
        }),
        "analyzedmessageevidence" if is_dlp => {
            let address = first(entry, &["/p2Sender/emailAddress", "/p1Sender/emailAddress"])?;
            identity::person(&address)
        }
        _ => None,
    }
}

fn account(entry: &Value) -> Option<User> {
    let account = entry.pointer("/userAccount")?;
    let name = text(account, "/accountName");
    let domain = text(account, "/domainName");
    let sid = text(account, "/userSid");
    let shown = match (&domain, &name) {
        (Some(domain), Some(name)) => Some(format!("{domain}\\{name}")),
        _ => name.clone(),
    };
    if [&shown, &sid]
        .into_iter()
        .flatten()
        .any(|t| identity::is_service(t))
    {
        return None;
    }
    let upn = text(account, "/userPrincipalName").map(|upn| upn.to_lowercase());
    let uid = text(account, "/azureAdUserId");
    if upn.is_none() && name.is_none() && sid.is_none() && uid.is_none() {
        return None;
    }
    Some(User {
        uid,
        upn,
        name,
        domain,
        sid,
        display_name: text(account, "/displayName"),
        department: None,
    })
}

fn device(entry: &Value) -> Device {
    Device {
        uid: text(entry, "/mdeDeviceId"),
        hostname: first(entry, &["/deviceDnsName", "/hostName"]),
        serial_number: None,
        os: text(entry, "/osPlatform"),
        entra_device_id: text(entry, "/azureAdDeviceId"),
        intune_device_id: None,
    }
}

fn file(details: &Value) -> File {
    File {
        name: text(details, "/fileName"),
        path: text(details, "/filePath"),
        size_bytes: integer(details, "/fileSize"),
        sha256: text(details, "/sha256"),
    }
}

fn line(kind: &str, entry: &Value) -> Option<String> {
    let what = first(
        entry,
        &[
            "/processCommandLine",
            "/imageFile/fileName",
            "/fileDetails/fileName",
            "/registryKey",
            "/ipAddress",
            "/url",
            "/deviceDnsName",
            "/subject",
            "/userAccount/userPrincipalName",
            "/userAccount/accountName",
            "/displayName",
        ],
    )?;
    Some(format!("{}: {what}", kind.trim_end_matches("evidence")))
}
