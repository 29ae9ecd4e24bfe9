//! What the mere passing of time does, on the handed clock: idle threads are archived, interactions
//! that nobody acknowledged expire.

use chrono::TimeDelta;

use super::{
    rest::interactions::TO_ANSWER,
    server::Inner,
    world::{
        journal::Change,
        model::{Channel, Stage},
        snowflake::Id,
    },
};

impl Inner {
    /// Whatever is asked of the sandbox meets the world as it stands at that time.
    pub fn elapse(&mut self) {
        self.archive_idle();
        self.expire();
    }

    /// Threads in which nothing was written for their time are archived.
    fn archive_idle(&mut self) {
        let now = self.world.now();
        let idle = |row: &&Channel| {
            row.thread.as_ref().is_some_and(|thread| {
                !thread.archived
                    && now - thread.active_at >= TimeDelta::minutes(thread.archive_minutes)
            })
        };
        let rows: Vec<Channel> = self.world.channels.values().filter(idle).cloned().collect();
        for mut row in rows {
            if let Some(thread) = &mut row.thread {
                thread.archived = true;
                thread.archived_at = now;
            }
            self.world.put_channel(row.clone());
            self.emit_channel("UPDATE", &row);
        }
    }

    fn expire(&mut self) {
        let now = self.world.now();
        let waiting: Vec<Id> = self.waiting.keys().copied().collect();
        for id in waiting {
            let row = self.world.interactions.get(&id);
            if row.is_none_or(|row| now - row.at > TO_ANSWER) {
                self.give_up(id);
            }
        }
    }

    /// The member's client stops waiting: an answer comes too late from now on.
    pub fn give_up(&mut self, id: Id) {
        // Whoever waits sees that the sender is gone.
        self.waiting.remove(&id);
        if let Some(mut row) = self.world.interactions.get(&id).cloned()
            && row.stage == Stage::Waiting
        {
            row.stage = Stage::Expired;
            self.world.put(Change::Interaction(row));
        }
    }
}
