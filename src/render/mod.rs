//! What is shown, before any chat knows it: neutral cards, forms and the escaping of outside text.
//! Names no chat library and no network.

pub mod card;
pub mod cards;

pub mod contexts;
mod digests;
pub mod escape;
pub mod form;
pub mod picture;
pub mod templates;
