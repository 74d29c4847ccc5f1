//! Clinical events in, alerts out. Start reading at `pipeline.rs`.

fn main() -> std::process::ExitCode {
    pulsewire::main(std::env::args_os())
}
