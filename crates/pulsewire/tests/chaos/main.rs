//! Several processes on several brokers, killed, held still and cut off under load: what comes out is what one process makes.
#![forbid(unsafe_code)]

#[cfg(test)]
mod history;

#[cfg(test)]
mod checker;
