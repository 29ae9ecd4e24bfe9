//! The configuration: one TOML file, overrides from the environment, secrets from files or the environment.
//! The only room that reads either. It names no axum, no store, no Discord.
