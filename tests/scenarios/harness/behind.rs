//! What no member can see or do: the guild as it is, files by their address, rows of the store.

use super::World;
use super::seen::Message;
use serde_json::Value;
use sqlx::Connection as _;

impl World {
    /// The guild as the sandbox has it.
    pub async fn guild(&self) -> Value {
        self.stage.get("/sandbox/guild").await.1
    }

    /// The account of a member.
    pub async fn account(&self, name: &str) -> String {
        let guild = self.guild().await;
        let members = guild["members"].as_array().unwrap();
        let found = members.iter().find(|m| m["user"]["username"] == name);
        found.unwrap()["user"]["id"].as_str().unwrap().to_owned()
    }

    /// A file that came with a message, as text.
    pub async fn file(&self, message: &Message, name: &str) -> String {
        let answer = self.stage.client.get(message.file_address(name));
        answer.send().await.unwrap().text().await.unwrap()
    }

    /// Somebody who may do so deletes a message.
    pub async fn delete_message(&self, message: &Message, token: &str) {
        let channel = message.json["channel_id"].as_str().unwrap();
        let path = format!("/api/v10/channels/{channel}/messages/{}", message.id());
        let request = self
            .stage
            .client
            .delete(format!("{}{path}", self.stage.base));
        let request = request.header("authorization", format!("Bot {token}"));
        assert_eq!(request.send().await.unwrap().status().as_u16(), 204);
    }

    /// What the service answers to a monitor: status, kind of contents, text.
    pub async fn asks(&self, path: &str) -> (u16, String, String) {
        let address = format!("http://{}{path}", self.service().http);
        let answer = self.stage.client.get(address).send().await.unwrap();
        let kind = answer.headers()["content-type"]
            .to_str()
            .unwrap()
            .to_owned();
        (answer.status().as_u16(), kind, answer.text().await.unwrap())
    }

    /// Everything that was logged so far.
    pub fn logged(&self) -> Vec<String> {
        self.stage.logs.all()
    }

    /// One text from the store.
    pub async fn stored(&self, query: &'static str) -> String {
        let path = &self.stage.settings.store.path;
        let readers = baton::store::Store::open_readers(path).await.unwrap();
        let text = sqlx::query_scalar(query).fetch_one(&readers).await.unwrap();
        readers.close().await;
        text
    }

    /// The store in the hands of somebody with a shell.
    pub async fn shell(&self) -> sqlx::SqliteConnection {
        let options = sqlx::sqlite::SqliteConnectOptions::new();
        let options = options.filename(&self.stage.settings.store.path);
        sqlx::SqliteConnection::connect_with(&options)
            .await
            .unwrap()
    }

    /// Somebody with a shell changes the store behind the program's back.
    pub async fn tamper(&self, statement: &'static str) {
        let mut connection = self.shell().await;
        sqlx::query(statement)
            .execute(&mut connection)
            .await
            .unwrap();
        connection.close().await.unwrap();
    }

    /// One number from the store, for what no member can see.
    pub async fn count(&self, query: &'static str) -> i64 {
        let service = self.service();
        let mut reader = service.app.store.read().await.unwrap();
        sqlx::query_scalar(query)
            .fetch_one(&mut *reader)
            .await
            .unwrap()
    }
}
