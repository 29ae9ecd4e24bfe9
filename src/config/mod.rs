//! The configuration: one TOML file, overrides from the environment, secrets from files or the environment.
//! The only room that reads either. It names the pure types of `http` (`auth`, `sources`), no store, no Discord.

mod fault;
mod map;
mod missing;
mod reader;
mod secrets;
mod sections;
mod settings;
mod source;
mod written;

pub use fault::{ConfigFault, Place};
pub use missing::missing;
pub use secrets::environment;
pub use settings::{
    AcceptedReader, BackupSettings, Demo, DiscordSettings, HeartbeatSettings, HttpSettings,
    LogSettings, Organisation, PlaybookSettings, RoleIds, Settings, SourceSettings, StoreSettings,
    stand_in,
};

#[cfg(test)]
mod tests;
