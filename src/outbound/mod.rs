//! What leaves the program after a commit. The one room that decides when something may be sent.

pub mod pace;
