//! Private threads: found before they are made, so that a crash in between does not make two.

use super::deliver::{posted_as, unrenderable};
use super::drain::{Outbound, Verdict};
use crate::app::AppError;
use crate::app::act::thread_key;
use crate::discord::call::Call;
use crate::discord::rest::RestFault;
use crate::domain::ids::{AccountId, IncidentId};
use crate::store;
use crate::store::outbox::Row;
use crate::store::posted::Posted;
use serde_json::Value;

impl Outbound {
    /// The incident's working thread: made once, then only joined by those who come on the case.
    pub(super) async fn open_thread(&self, row: &Row) -> Result<Verdict, AppError> {
        let Some(id) = row.incident else {
            return Ok(Verdict::Delivered(None));
        };
        let Some(view) = self.app.thread(id).await? else {
            return Ok(Verdict::Delivered(None));
        };
        let parent = match self.channel(&view.parent) {
            Ok(parent) => parent,
            Err(verdict) => return Ok(verdict),
        };
        let accounts: Vec<AccountId> = view.members.iter().map(|m| m.account.clone()).collect();
        let opened = self
            .thread_with(&thread_key(id), &parent, &view.name, &accounts, Some(id))
            .await?;
        let thread = match opened {
            Ok(thread) => thread,
            Err(verdict) => return Ok(verdict),
        };
        let key = format!("{}:card:{}", thread_key(id), view.visit);
        if self.posted(&key).await?.is_some() {
            return Ok(Verdict::Delivered(None));
        }
        let card = match self.templates.thread_card(&view.view) {
            Ok(card) => card,
            Err(fault) => return Ok(unrenderable(&fault)),
        };
        let sent = self.send_card(row, &thread, &card).await;
        Ok(posted_as(key, thread, sent))
    }

    /// A private thread under this key with these members; one member's failure holds up nobody else.
    pub(super) async fn thread_with(
        &self,
        key: &str,
        parent: &str,
        name: &str,
        members: &[AccountId],
        incident: Option<IncidentId>,
    ) -> Result<Result<String, Verdict>, AppError> {
        let making = self.channels.making_thread.lock().await;
        let thread = match self.posted(key).await? {
            Some(posted) => posted.channel_id,
            None => match self.find_or_create(parent, name).await {
                Ok(thread) => {
                    self.save_thread(key, incident, &thread).await?;
                    thread
                }
                Err(verdict) => return Ok(Err(verdict)),
            },
        };
        drop(making);
        for account in members {
            match self
                .rest
                .send(&Call::add_thread_member(&thread, account.as_str()))
                .await
            {
                Ok(_) => {}
                Err(RestFault::Gone { code, message }) => {
                    tracing::warn!(thread, code, message, "someone on the case cannot be added");
                }
                Err(fault) => return Ok(Err(fault.into())),
            }
        }
        Ok(Ok(thread))
    }

    async fn find_or_create(&self, parent: &str, name: &str) -> Result<String, Verdict> {
        let active = self
            .rest
            .send(&Call::list_active_threads(&self.guild.guild))
            .await?;
        let known = active.body.get("threads").and_then(Value::as_array);
        let text =
            |thread: &Value, key: &str| thread.get(key).and_then(Value::as_str).map(str::to_owned);
        let found = known.into_iter().flatten().find(|thread| {
            text(thread, "parent_id").as_deref() == Some(parent)
                && text(thread, "name").as_deref() == Some(name)
        });
        if let Some(id) = found.and_then(|thread| text(thread, "id")) {
            return Ok(id);
        }
        let created = self
            .rest
            .send(&Call::create_private_thread(parent, name))
            .await?;
        created
            .id()
            .map(str::to_owned)
            .ok_or_else(|| Verdict::Dead("Discord's answer names no thread".to_owned()))
    }

    async fn save_thread(
        &self,
        key: &str,
        incident: Option<IncidentId>,
        thread: &str,
    ) -> Result<(), AppError> {
        let posted = Posted {
            channel_id: thread.to_owned(),
            message_id: thread.to_owned(),
            mark: None,
        };
        self.save_posted(key, incident, posted).await
    }

    /// Keeps where something stands before the row that wanted it is done: a later try finds it.
    pub(super) async fn save_posted(
        &self,
        key: &str,
        incident: Option<IncidentId>,
        posted: Posted,
    ) -> Result<(), AppError> {
        let (key, now) = (key.to_owned(), self.app.now());
        self.app
            .store
            .write(move |connection| {
                Box::pin(async move {
                    store::posted::save(connection, &key, incident, &posted, now).await?;
                    Ok::<_, AppError>(())
                })
            })
            .await
    }
}
