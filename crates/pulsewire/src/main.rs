//! Clinical events in, alerts out. Start reading at `pipeline.rs`.
#![forbid(unsafe_code)]

/// What one thread allocates another one frees here, all the time: the stations hand what they write to the journal's thread.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    pulsewire::main(std::env::args_os())
}
