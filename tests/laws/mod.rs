//! The laws of the house, each a test whose failure says what to do. They read the sources as text; they start nothing.

mod architecture;
mod files;
mod migrations;
mod queries;
mod readme;
mod source;
mod templates;
