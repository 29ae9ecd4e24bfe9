//! Suite.

#[cfg(test)]
mod wire;
