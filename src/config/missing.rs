//! What a service cannot start without and does not have: all of it at once, each with its cure.

use super::settings::Settings;
use crate::domain::ids::ChannelKey;
use crate::domain::role::Role;
use std::collections::BTreeSet;

/// Channels that belong to no playbook.
const OWN_CHANNELS: [&str; 3] = ["sealed", "governance", "audit"];

/// Everything that is missing before `baton run` may start. `playbook_channels` are those that the playbooks in
/// force name.
pub fn missing(settings: &Settings, playbook_channels: &BTreeSet<ChannelKey>) -> Vec<String> {
    let mut gaps = Vec::new();
    discord(settings, &mut gaps);
    let own = OWN_CHANNELS.into_iter().map(ChannelKey::new);
    for channel in own.chain(playbook_channels.iter().cloned()) {
        if !settings.channels.contains_key(&channel) {
            gaps.push(format!(
                "The channel `{channel}` is not known. Put its id under `[channels]`."
            ));
        }
    }
    for role in Role::ALL {
        if settings.roles.by_role.get(&role).is_none_or(Vec::is_empty) {
            gaps.push(format!(
                "Nobody is `{role}`. Put the id of a Discord role under `[roles]`, as `{role} = [\"…\"]`."
            ));
        }
    }
    if settings.roles.lead.is_empty() {
        gaps.push(
            "Nobody is a lead. Put the id of a Discord role under `[roles]`, as `lead = [\"…\"]`."
                .to_owned(),
        );
    }
    sources(settings, &mut gaps);
    if settings.organisation.name.is_none() {
        gaps.push("The organisation has no name. Set `name` under `[organisation]`.".to_owned());
    }
    if settings.organisation.time_zone.is_none() {
        gaps.push(
            "The organisation has no time zone. Set `time_zone` under `[organisation]`, such as Europe/Berlin."
                .to_owned(),
        );
    }
    gaps
}

fn discord(settings: &Settings, gaps: &mut Vec<String>) {
    if settings.discord.token.is_none() {
        gaps.push(
            "Discord's token is missing. Put it in a file, name that as `token_file` under `[discord]`, or set \
             BATON_DISCORD__TOKEN."
                .to_owned(),
        );
    }
    if settings.discord.guild.is_none() {
        gaps.push("The guild is not known. Set its id as `guild` under `[discord]`.".to_owned());
    }
    if settings.discord.application.is_none() {
        gaps.push(
            "The application is not known. Set its id as `application` under `[discord]`; the developer portal \
             shows it."
                .to_owned(),
        );
    }
}

fn sources(settings: &Settings, gaps: &mut Vec<String>) {
    if settings.sources.is_empty() {
        gaps.push(
            "No source is configured, so no alert can arrive. Add a section `[sources.NAME]`."
                .to_owned(),
        );
    }
    for (name, source) in &settings.sources {
        if source.secrets.is_empty() {
            gaps.push(format!(
                "The source `{name}` has no secret, so nobody may post to it. Name a file as `secret_file` in its \
                 `auth`."
            ));
        }
    }
}
