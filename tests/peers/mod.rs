//! Clients that nobody here wrote, discord.js and discord.py, against the sandbox: only their base
//! address is changed. This side plays the member and asserts what both sides saw.
//!
//! The clients are installed by `tests/peers/run`, which runs these; plain test runs leave them out.

mod client;
mod permissions;
mod story;

use client::Client;

#[tokio::test]
#[ignore = "tests/peers/run installs discord.js and runs it"]
async fn discord_js_works_unchanged() {
    let client = Client::start("discord_js", "node", "discord_js/bot.mjs").await;
    story::whole(
        client,
        |code, status| serde_json::json!({ "api": true, "code": code, "status": status }),
    )
    .await;
}

#[tokio::test]
#[ignore = "tests/peers/run installs discord.py and runs it"]
async fn discord_py_works_unchanged_on_a_zlib_stream() {
    let client = Client::start("discord_py", ".venv/bin/python", "discord_py/bot.py").await;
    story::python(client, "zlib-stream").await;
}

#[tokio::test]
#[ignore = "tests/peers/run installs discord.py and runs it"]
async fn discord_py_works_unchanged_on_a_zstd_stream() {
    let client = Client::start(
        "discord_py_zstd",
        ".venv-zstd/bin/python",
        "discord_py/bot.py",
    )
    .await;
    story::python(client, "zstd-stream").await;
}
