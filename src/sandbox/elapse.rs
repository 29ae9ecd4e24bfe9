//! What the mere passing of time does, on the handed clock: idle threads are archived, interactions
//! that nobody acknowledged expire.

use super::{
    rest::interactions::TO_ANSWER,
    server::Inner,
    world::{journal::Change, model::Stage, snowflake::Id},
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
        while let Some((_, id)) = self.world.idle.first().filter(|(from, _)| *from <= now)
            && let Some(mut row) = self.world.channels.get(id).cloned()
            && let Some(thread) = &mut row.thread
        {
            thread.archived = true;
            thread.archived_at = now;
            self.world.put_channel(row.clone());
            self.emit_channel("UPDATE", &row);
        }
    }

    /// The oldest comes first: ids ascend with the clock.
    fn expire(&mut self) {
        let now = self.world.now();
        while let Some(id) = self.waiting.keys().next().copied() {
            let row = self.world.interactions.get(&id);
            if row.is_some_and(|row| now - row.at <= TO_ANSWER) {
                return;
            }
            self.give_up(id);
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
