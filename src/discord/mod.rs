//! Discord's wire: the only room that names serenity and twilight. It turns frames into typed
//! interactions and neutral cards into requests; it decides nothing about incidents.

pub mod actor;
pub mod call;
pub mod commands;
pub mod connect;
mod controls;
pub mod custom_id;
pub mod endpoint;
pub mod gateway;
pub mod incoming;
pub mod limits;
pub mod message;
pub mod modal;
pub mod permissions;
pub mod rest;
