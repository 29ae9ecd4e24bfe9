//! All integration tests, in one binary. What a module proves stands at its head.

#[cfg(test)]
mod laws;
#[cfg(test)]
#[cfg(feature = "sandbox")]
mod peers;
#[cfg(test)]
#[cfg(feature = "sandbox")]
mod scenarios;
#[cfg(test)]
mod wire;
