//! Posting, editing and deleting messages, for REST, interactions and members alike: the world's
//! rows and the events. Checks no permission and no limit; that is done before.

use base64::{Engine, engine::general_purpose::STANDARD};

use super::{
    body::Upload,
    error::Refused,
    json::Look,
    permissions::VIEW_CHANNEL,
    rules::{component, mentions, message::Draft},
    server::Inner,
    world::{
        journal::Change,
        model::{Answers, Attachment, Channel, EPHEMERAL, LOADING, Message, StoredFile},
        snowflake::{Id, id_of},
    },
};

/// What a file without a kind of its own is taken for, by its name: what Discord's client shows in the message.
fn kind_of(name: &str) -> Option<&'static str> {
    let (_, ending) = name.rsplit_once('.')?;
    match ending.to_ascii_lowercase().as_str() {
        "png" => Some("image/png"),
        "jpg" | "jpeg" => Some("image/jpeg"),
        "gif" => Some("image/gif"),
        "webp" => Some("image/webp"),
        "json" => Some("application/json; charset=utf-8"),
        "txt" => Some("text/plain; charset=utf-8"),
        _ => None,
    }
}

/// A message to be.
#[derive(Debug)]
pub struct Post {
    pub channel: Id,
    pub author: Id,
    pub draft: Draft,
    pub files: Vec<Upload>,
    pub interaction: Option<Answers>,
    /// Set for an ephemeral answer.
    pub only_for: Option<Id>,
    pub loading: bool,
}

impl Inner {
    pub fn store_files(
        &mut self,
        draft: &Draft,
        files: &[Upload],
        ephemeral: bool,
    ) -> Vec<Attachment> {
        let mut stored = Vec::new();
        for file in files {
            let id = self.world.new_id();
            let listed = draft.attachments.iter().flatten();
            let about = listed
                .into_iter()
                .find(|one| id_of(one.at("id")) == Some(Id(file.number)));
            let name = about
                .and_then(|about| about.text("filename"))
                .unwrap_or(&file.filename);
            let description = about.and_then(|about| about.text("description"));
            let content_type = file.content_type.clone();
            let content_type = content_type.or_else(|| kind_of(name).map(ToOwned::to_owned));
            let kind = content_type
                .clone()
                .unwrap_or_else(|| "application/octet-stream".to_owned());
            let base64 = STANDARD.encode(&file.bytes);
            self.world.put(Change::File(StoredFile {
                id,
                content_type: kind,
                base64,
            }));
            stored.push(Attachment {
                id,
                filename: safe_name(name),
                description: description.map(ToOwned::to_owned),
                content_type,
                size: file.bytes.len(),
                ephemeral,
            });
        }
        stored
    }

    pub fn post(&mut self, post: Post) -> Option<Message> {
        let channel = self.world.channels.get(&post.channel)?.clone();
        let now = self.world.now();
        let attachments = self.store_files(&post.draft, &post.files, post.only_for.is_some());
        let draft = post.draft;
        let content = draft.content.unwrap_or_default();
        let components = draft.components.unwrap_or_default();
        let text = component::text(&content, &components);
        let mut mentions =
            mentions::resolve(&text, &draft.allowed, &self.world, post.author, &channel);
        let answered = draft.reply_to.filter(|_| draft.allowed.replied_user);
        let answered = answered.and_then(|id| self.world.message(post.channel, id));
        if let Some(author) = answered.map(|message| message.author)
            && author != post.author
            && !mentions.users.contains(&author)
        {
            mentions.users.push(author);
        }
        // A mention reaches nobody who cannot see the place.
        let mut pinged = mentions.clone();
        let sees = |user: &Id| self.world.channel_permissions(*user, &channel) & VIEW_CHANNEL != 0;
        pinged.users.retain(sees);
        let mut flags = draft.flags & !EPHEMERAL;
        if post.only_for.is_some() {
            flags |= EPHEMERAL;
        }
        if post.loading {
            flags |= LOADING;
        }
        let kind = match (&post.interaction, draft.reply_to) {
            (Some(answers), _) if answers.command.is_some() => 20,
            (_, Some(_)) => 19,
            _ => 0,
        };
        let message = Message {
            id: self.world.new_id(),
            channel_id: post.channel,
            author: post.author,
            kind,
            content,
            embeds: draft.embeds.unwrap_or_default(),
            components,
            attachments,
            flags,
            tts: draft.tts,
            timestamp: now,
            edited_at: None,
            pinged,
            mentions,
            nonce: draft.nonce,
            reply_to: draft.reply_to,
            interaction: post.interaction,
            only_for: post.only_for,
            thread_id: None,
            pinned_at: None,
        };
        self.world.put_message(message.clone());
        if message.only_for.is_none() {
            self.follow(channel, &message);
        }
        self.emit_message("MESSAGE_CREATE", &message);
        Some(message)
    }

    /// What a new message does to its channel: the last message, an archived thread that wakes,
    /// whoever writes in a thread joins it, and so does whom it mentions.
    fn follow(&mut self, mut channel: Channel, message: &Message) {
        channel.last_message_id = Some(message.id);
        let mut woken = false;
        if let Some(thread) = &mut channel.thread {
            woken = thread.archived;
            thread.archived = false;
            thread.active_at = message.timestamp;
            thread.message_count += 1;
        }
        self.world.put_channel(channel.clone());
        if woken {
            self.emit_channel("UPDATE", &channel);
        }
        if channel.thread.is_some() {
            let mentioned = message.pinged.users.iter().copied();
            let newcomers: Vec<Id> = [message.author].into_iter().chain(mentioned).collect();
            self.join_thread(channel.id, &newcomers);
        }
    }

    /// Adds members who may see the parent and are not in the thread yet.
    pub fn join_thread(&mut self, id: Id, users: &[Id]) {
        let Some(mut channel) = self.world.channels.get(&id).cloned() else {
            return;
        };
        let joined_at = self.world.now();
        let mut added = Vec::new();
        for user in users {
            let sees = self.world.channel_permissions(*user, &channel) & VIEW_CHANNEL != 0;
            let Some(thread) = &mut channel.thread else {
                return;
            };
            let inside = thread.members.iter().any(|one| one.user_id == *user);
            if sees && !inside {
                let user_id = *user;
                thread
                    .members
                    .push(super::world::model::ThreadMember { user_id, joined_at });
                added.push(user_id);
            }
        }
        if !added.is_empty() {
            self.world.put_channel(channel.clone());
            self.emit_thread_members(&channel, &added, &[]);
        }
    }

    /// An edit may not leave a message with nothing in it.
    pub fn check_edit(message: &Message, draft: &Draft, files: usize) -> Result<(), Refused> {
        let content = draft.content.as_ref().unwrap_or(&message.content);
        let embeds = draft.embeds.as_ref().unwrap_or(&message.embeds);
        let components = draft.components.as_ref().unwrap_or(&message.components);
        let kept = draft
            .attachments
            .as_ref()
            .map_or(message.attachments.len(), Vec::len);
        let empty = content.is_empty() && embeds.is_empty() && components.is_empty();
        if empty && kept + files == 0 {
            Err(Refused::bad(50_006, "Cannot send an empty message"))
        } else {
            Ok(())
        }
    }

    /// Applies an edit. `attachments` in the draft names those that stay; new files are added.
    pub fn revise(&mut self, mut message: Message, draft: Draft, files: &[Upload]) -> Message {
        let added = self.store_files(&draft, files, message.only_for.is_some());
        if let Some(kept) = &draft.attachments {
            let kept: Vec<Id> = kept.iter().filter_map(|one| id_of(one.at("id"))).collect();
            let (stay, gone): (Vec<_>, Vec<_>) = message
                .attachments
                .into_iter()
                .partition(|one| kept.contains(&one.id));
            message.attachments = stay;
            for file in gone {
                self.world.put(Change::FileGone(file.id));
            }
        }
        message.attachments.extend(added);
        let reworded = draft.content.is_some() || draft.components.is_some();
        message.content = draft.content.unwrap_or(message.content);
        if let Some(embeds) = draft.embeds {
            message.embeds = embeds;
        }
        message.components = draft.components.unwrap_or(message.components);
        if reworded && let Some(channel) = self.world.channels.get(&message.channel_id) {
            let text = component::text(&message.content, &message.components);
            let author = message.author;
            message.mentions =
                mentions::resolve(&text, &draft.allowed, &self.world, author, channel);
        }
        // Ephemerality is fixed when the message is made; version 2 cannot be taken back.
        let fixed = EPHEMERAL | super::world::model::COMPONENTS_V2;
        let new_flags = if draft.flags_given {
            draft.flags & !EPHEMERAL
        } else {
            message.flags
        };
        let completed = message.flags & LOADING != 0;
        message.flags = (new_flags | (message.flags & fixed)) & !LOADING;
        if !completed {
            message.edited_at = Some(self.world.now());
        }
        self.world.put_message(message.clone());
        self.emit_message("MESSAGE_UPDATE", &message);
        message
    }

    /// Deletes messages with their files; those that do not exist are passed over.
    pub fn erase(&mut self, channel: Id, ids: &[Id]) {
        let mut gone = Vec::new();
        for id in ids {
            let Some(message) = self.world.message(channel, *id).cloned() else {
                continue;
            };
            for file in &message.attachments {
                self.world.put(Change::FileGone(file.id));
            }
            self.world.put(Change::MessageGone(channel, *id));
            if message.only_for.is_none() {
                gone.push(*id);
            }
        }
        if !gone.is_empty() {
            self.emit_deleted(channel, &gone);
        }
    }
}

/// A file name as Discord keeps it: no paths, no spaces.
fn safe_name(name: &str) -> String {
    let keep = |c: char| {
        if c.is_alphanumeric() || "._-".contains(c) {
            c
        } else {
            '_'
        }
    };
    let name: String = name.chars().map(keep).take(255).collect();
    if name.is_empty() {
        "unknown".to_owned()
    } else {
        name
    }
}
