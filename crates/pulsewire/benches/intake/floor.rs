//! The floor: the least that a server can do and still keep its word. It looks for the end of a frame, writes all frames
//! that wait into one place, syncs, and acknowledges; it reads nothing in them and remembers none.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex};

use formats::mllp::END;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use crate::probe::zeroed;

/// The file's size; it is begun again when it is full.
const FILE_BYTES: u64 = 128 << 20;
/// How much is read at once.
const READ_BYTES: usize = 64 << 10;
/// The acknowledgement, always the same.
const ANSWER: &[u8] = b"\x0bMSH|^~\\&|FLOOR|NORTH|LAB|NORTH|20260101000000||ACK^R01|1|P|2.5.1\rMSA|AA|000000000000\r\x1c\r";

/// What waits for the disk.
#[derive(Default)]
struct Waiting {
    bytes: Vec<u8>,
    senders: Vec<oneshot::Sender<()>>,
}

/// The queue before the one thread that writes.
#[derive(Default)]
struct Group {
    waiting: Mutex<Waiting>,
    arrived: Condvar,
}

/// Serves until it is killed; says on its output where.
pub(crate) fn serve(folder: PathBuf) -> ! {
    let group = Arc::new(Group::default());
    let writing = Arc::clone(&group);
    std::thread::spawn(move || writing.write(&folder));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        println!("floor mllp://{}", listener.local_addr().unwrap());
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(connection(stream, Arc::clone(&group)));
        }
    })
}

async fn connection(mut stream: TcpStream, group: Arc<Group>) {
    stream.set_nodelay(true).unwrap();
    let mut buffer = vec![0; READ_BYTES];
    let mut filled = 0;
    loop {
        let Ok(read) = stream.read(&mut buffer[filled..]).await else {
            return;
        };
        if read == 0 {
            return;
        }
        let end = memchr::memchr(END, &buffer[filled..filled + read]);
        filled += read;
        if end.is_none() {
            continue;
        }
        let (sender, receiver) = oneshot::channel();
        group.add(&buffer[..filled], sender);
        filled = 0;
        if receiver.await.is_err() || stream.write_all(ANSWER).await.is_err() {
            return;
        }
    }
}

impl Group {
    fn add(&self, frame: &[u8], sender: oneshot::Sender<()>) {
        let mut waiting = self.waiting.lock().unwrap();
        waiting.bytes.extend_from_slice(frame);
        waiting.senders.push(sender);
        drop(waiting);
        self.arrived.notify_one();
    }

    fn write(&self, folder: &Path) {
        let file: File = zeroed(&folder.join("floor"), FILE_BYTES);
        let mut at = 0;
        let mut taken = Waiting::default();
        loop {
            let waiting = self.waiting.lock().unwrap();
            let mut waiting = self
                .arrived
                .wait_while(waiting, |waiting| waiting.senders.is_empty())
                .unwrap();
            std::mem::swap(&mut *waiting, &mut taken);
            drop(waiting);
            if at + taken.bytes.len() as u64 > FILE_BYTES {
                at = 0;
            }
            file.write_all_at(&taken.bytes, at).unwrap();
            file.sync_data().unwrap();
            at += taken.bytes.len() as u64;
            taken.bytes.clear();
            for sender in taken.senders.drain(..) {
                // Its connection may have ended.
                let _gone = sender.send(()).is_err();
            }
        }
    }
}
