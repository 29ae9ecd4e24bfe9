//! The word about backups, in the audit channel: that they fail, and that they work again.

use super::deliver::{posted_as, unrenderable};
use super::drain::{Outbound, Verdict};
use crate::app::AppError;
use crate::app::backup::BackupWord;
use crate::domain::record::shown_time;
use crate::render::card::Tone;
use crate::render::contexts::Notice;
use crate::store::outbox::Row;

impl Outbound {
    /// As it stands now: whoever reads it late reads what is true.
    pub(super) async fn tell_backup(&self, row: &Row) -> Result<Verdict, AppError> {
        let Some(word) = self.app.backup_word().await? else {
            return Ok(Verdict::Delivered(None));
        };
        let at = |moment| shown_time(moment, self.app.zone);
        let (notice, tone) = match word {
            BackupWord::Failed(fault) => {
                let notice = Notice {
                    title: "Backups fail".to_owned(),
                    text: format!("None was made since {}: {}", at(fault.since), fault.why),
                    cure: "Mend that on Baton's host; `baton backup` shows whether it works. It is tried again every quarter \
                           of an hour, and told here once it works."
                        .to_owned(),
                };
                (notice, Tone::Alarm)
            }
            BackupWord::Works { last, failed } => {
                let made = last.map_or_else(String::new, |last| {
                    let sealed = if last.sealed { "sealed" } else { "not sealed" };
                    format!(
                        " The last one, of {}, is {sealed}: {}",
                        at(last.at),
                        last.file
                    )
                });
                let notice = Notice {
                    title: "Backups work again".to_owned(),
                    text: format!(
                        "They failed from {} on: {}.{made}",
                        at(failed.since),
                        failed.why
                    ),
                    cure: "Nothing is to be done.".to_owned(),
                };
                (notice, Tone::Info)
            }
        };
        let card = match self.templates.plain_card(&notice, tone) {
            Ok(card) => card,
            Err(fault) => return Ok(unrenderable(&fault)),
        };
        let channel = match self.channel(&row.channel) {
            Ok(channel) => channel,
            Err(verdict) => return Ok(verdict),
        };
        let sent = self.send_card(row, &channel, &card).await;
        Ok(posted_as(row.key.clone(), channel, sent))
    }
}
