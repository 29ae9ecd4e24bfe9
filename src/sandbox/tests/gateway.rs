//! Gateway: identify, resume, faults, who gets what.

use serde_json::{Value, json};

use super::{Place, seed};

#[tokio::test]
async fn a_dropped_connection_resumes_at_the_other_address_with_the_missed_events() {
    let place = Place::open().await;
    let mut bot = place.bot().await;
    assert!(bot.shard.resume_url().unwrap().ends_with("/resume"));
    let general = place.channel("general");
    for kind in ["gateway_drop", "gateway_close", "gateway_reconnect"] {
        assert_eq!(
            place
                .control("POST", "/faults", json!({ "kind": kind }))
                .await
                .0,
            200
        );
        let (status, _) = place
            .member(
                "tier1",
                "messages",
                json!({ "channel": general, "content": kind }),
            )
            .await;
        assert_eq!(status, 200);
        let mut seen = Vec::new();
        while !seen.contains(&"RESUMED".to_owned()) {
            let frame = bot.frame().await;
            assert_ne!(frame["t"], "READY", "{kind} lost the session");
            if frame["t"] == "MESSAGE_CREATE" {
                assert_eq!(frame["d"]["content"], kind);
            }
            seen.extend(frame["t"].as_str().map(ToOwned::to_owned));
        }
        assert!(
            seen.contains(&"MESSAGE_CREATE".to_owned()),
            "{kind}: {seen:?}"
        );
        place.advance(6_000).await;
    }
}

#[tokio::test]
async fn an_invalid_session_identifies_anew() {
    let place = Place::open().await;
    let mut bot = place.bot().await;
    place
        .control(
            "POST",
            "/faults",
            json!({ "kind": "gateway_invalid_session" }),
        )
        .await;
    bot.event("READY").await;
    assert_eq!(bot.event("GUILD_CREATE").await["name"], "Test");
}

#[tokio::test]
async fn a_wrong_token_and_a_privileged_intent_that_is_off_are_closed_for_good() {
    let mut seed = seed();
    seed.bot.privileged_intents = 0;
    let place = Place::with(None, seed).await;
    let config = twilight_gateway::ConfigBuilder::new(
        super::TOKEN.to_owned(),
        twilight_gateway::Intents::GUILD_MEMBERS,
    );
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok();
    let config = config
        .proxy_url(format!("ws://{}", place.sandbox.addr()))
        .build();
    let shard = twilight_gateway::Shard::with_config(twilight_gateway::ShardId::ONE, config);
    let mut bot = super::Bot { shard };
    let closed = loop {
        let frame = bot.frame().await;
        if frame.get("closed").is_some() {
            break frame;
        }
    };
    assert_eq!(closed["closed"], 4_014);
}

#[tokio::test]
async fn changes_of_roles_channels_and_members_reach_the_bot() {
    let place = Place::open().await;
    let mut bot = place.bot().await;
    place
        .control(
            "PUT",
            "/members/outsider/roles",
            json!({ "roles": ["tier2"] }),
        )
        .await;
    let member = bot.event("GUILD_MEMBER_UPDATE").await;
    assert_eq!(member["roles"], json!([place.role("tier2")]));
    let path = format!("/channels/triage/overwrites/{}", place.user("outsider"));
    place
        .control("PUT", &path, json!({ "allow": "1024" }))
        .await;
    let channel = bot.event("CHANNEL_UPDATE").await;
    let overwrites = channel["permission_overwrites"].as_array().unwrap();
    assert!(
        overwrites
            .iter()
            .any(|one| one["id"] == place.user("outsider") && one["type"] == 1)
    );
    assert_eq!(place.view("outsider", "triage").await.0, 200);
}

#[tokio::test]
async fn every_event_parses_as_twilight_and_serenity_model_it() {
    let place = Place::open().await;
    let mut bot = place.bot().await;
    place
        .register(json!([{ "name": "open", "description": "d", "options": [
        { "type": 6, "name": "who", "description": "d" }] }]))
        .await;
    let answer = json!({ "type": 4, "data": { "content": "hi", "embeds": [{ "title": "t" }] } });
    let body = json!({ "channel": "general", "name": "open", "options": { "who": "tier2" } });
    let (_, interaction) = place
        .exchange(&mut bot, "tier1", "commands", body, answer)
        .await;
    let read: serenity::model::application::Interaction =
        serde_json::from_value(interaction).unwrap();
    assert_eq!(
        read.kind(),
        serenity::model::application::InteractionType::Command
    );
    let message = bot.event("MESSAGE_CREATE").await;
    let read: serenity::model::channel::Message = serde_json::from_value(message).unwrap();
    assert_eq!(read.embeds.len(), 1);
    place
        .control(
            "POST",
            "/faults",
            json!({ "kind": "gateway_invalid_session" }),
        )
        .await;
    let ready = bot.event("READY").await;
    let guild = bot.event("GUILD_CREATE").await;
    serde_json::from_value::<serenity::model::gateway::Ready>(ready).unwrap();
    let read: serenity::model::guild::Guild = serde_json::from_value(guild).unwrap();
    assert_eq!(read.members.len(), 6);
}

#[tokio::test]
async fn without_the_content_intent_the_text_of_others_is_empty() {
    let mut seed = seed();
    seed.bot.privileged_intents = 0;
    let place = Place::with(None, seed).await;
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok();
    let intents = twilight_gateway::Intents::GUILDS | twilight_gateway::Intents::GUILD_MESSAGES;
    let config = twilight_gateway::ConfigBuilder::new(super::TOKEN.to_owned(), intents)
        .proxy_url(format!("ws://{}", place.sandbox.addr()))
        .build();
    let shard = twilight_gateway::Shard::with_config(twilight_gateway::ShardId::ONE, config);
    let mut bot = super::Bot { shard };
    bot.event("GUILD_CREATE").await;
    for (content, seen) in [("secret", ""), ("<@1000000> hello", "<@1000000> hello")] {
        place
            .member(
                "tier1",
                "messages",
                json!({ "channel": "general", "content": content }),
            )
            .await;
        assert_eq!(
            bot.event("MESSAGE_CREATE").await["content"],
            Value::from(seen)
        );
    }
}
