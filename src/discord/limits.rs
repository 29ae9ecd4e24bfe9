//! Discord's numbers, all of them, with where each is said. Lengths are in Unicode code points
//! (discord-api-docs#1315). Pages are those of docs.discord.com/developers.

use crate::outbound::pace;
use std::time::Duration;

/// `resources/message`, create message.
pub const CONTENT: usize = 2_000;
/// `resources/message`, embed limits; the sum is over all embeds of a message.
pub const EMBED_TITLE: usize = 256;
pub const EMBED_DESCRIPTION: usize = 4_096;
pub const EMBED_FOOTER: usize = 2_048;
pub const EMBED_SUM: usize = 6_000;
/// `resources/message`, create message: nonce with `enforce_nonce`.
pub const NONCE: usize = 25;
/// `reference`, uploading files: files of one message.
pub const FILES: usize = 10;
/// `resources/message`, allowed mentions: entries of `users`.
pub const MENTIONS: usize = 100;

/// `components/reference`: rows of a message without the v2 flag, buttons of a row.
pub const ROWS: usize = 5;
pub const ROW_BUTTONS: usize = 5;
/// `components/reference`: any `custom_id`, from 1.
pub const CUSTOM_ID: usize = 100;
/// `components/reference`, button.
pub const BUTTON_LABEL: usize = 80;
pub const BUTTON_URL: usize = 512;
/// `components/reference`, string select and user select.
pub const SELECT_OPTIONS: usize = 25;
pub const SELECT_PLACEHOLDER: usize = 150;
/// `components/reference`: option of a select, radio group or checkbox group.
pub const OPTION_LABEL: usize = 100;
pub const OPTION_VALUE: usize = 100;
pub const OPTION_DESCRIPTION: usize = 100;

/// `interactions/receiving-and-responding`, modal.
pub const MODAL_TITLE: usize = 45;
pub const MODAL_COMPONENTS: usize = 5;
/// `components/reference`, label.
pub const LABEL: usize = 45;
pub const LABEL_DESCRIPTION: usize = 100;
/// `components/reference`, text input.
pub const TEXT_VALUE: usize = 4_000;
/// `components/reference`, text display (the schema's number).
pub const TEXT_DISPLAY: usize = 4_000;
/// `components/reference`, radio group and checkbox group.
pub const RADIO_LEAST: usize = 2;
pub const RADIO_MOST: usize = 10;
pub const CHECKBOXES_MOST: usize = 10;
/// `components/reference`, file upload.
pub const UPLOADS: usize = 10;

/// `interactions/application-commands`, autocomplete.
pub const CHOICES: usize = 25;
pub const CHOICE_NAME: usize = 100;
pub const CHOICE_VALUE: usize = 100;

/// `topics/threads`, `resources/channel`.
pub const THREAD_NAME: usize = 100;
/// `reference`, audit log reason.
pub const REASON: usize = 512;
/// `resources/guild`, list guild members: the largest page.
pub const MEMBER_PAGE: usize = 1_000;

/// `resources/message`, get channel messages: the largest page.
pub const HISTORY_PAGE: usize = 100;

/// `topics/rate-limits`: all routes together; interaction endpoints are exempt.
pub const GLOBAL_PER_SECOND: usize = 50;
/// `topics/rate-limits`: answers 401, 403 and 429 in ten minutes before the address is shut out.
pub const INVALID_PER_WINDOW: usize = 10_000;
pub const INVALID_WINDOW: Duration = Duration::from_mins(10);

/// `interactions/receiving-and-responding`: until the first response; life of the token.
pub const FIRST_RESPONSE: Duration = Duration::from_secs(3);
pub const INTERACTION_TOKEN: Duration = Duration::from_mins(15);

// Our own pace stays inside Discord's, checked when it is compiled.
const _: () = assert!(pace::GLOBAL_PER_SECOND < GLOBAL_PER_SECOND);
const _: () = assert!(pace::REFUSED_MOST * 2 < INVALID_PER_WINDOW);
const _: () = assert!(pace::REFUSED_WINDOW.as_secs() >= INVALID_WINDOW.as_secs());
