//! Everything has an end.

use crate::files::service::{ALL, Argument, Folder, Service};
use cloison_contract::call::Status;
use cloison_contract::host::{FilesService, NAME_BYTES};
use std::time::{Duration, Instant};

const NEW: i32 = libc::O_RDWR | libc::O_CREAT;

#[test]
fn a_file_does_not_grow_beyond_its_limit() {
    let folder = Folder::new();
    let limits = FilesService { file_bytes: 1000, ..FilesService::default() };
    let (service, mut client) = Service::with_client(&[("/data", &folder.path("root"), ALL)], limits);
    let file = client.open("/data/a", NEW).expect("made");
    assert_eq!(client.write(file, &[1; 1500]), Ok(1000));
    assert_eq!(client.write(file, b"x"), Err(libc::EFBIG));
    assert_eq!(client.call("ftruncate", &[Argument::Word(file), Argument::Word(1001)]), Err(libc::EFBIG));
    assert!(service.is_running(), "SIGXFSZ has not ended it");
}

#[test]
fn all_clients_together_write_so_much() {
    let folder = Folder::new();
    let limits = FilesService { written_bytes: 3 * NAME_BYTES + 100, ..FilesService::default() };
    let (mut service, mut one) = Service::with_client(&[("/data", &folder.path("root"), ALL)], limits);
    let mut other = service.attach();
    let file = one.open("/data/a", NEW).expect("made");
    assert_eq!(one.open("/data/none/a", NEW), Err(libc::ENOENT), "what fails costs nothing");
    other.make_folder("/data/inner").expect("made");
    other.by_names("symlink", "a", "/data/link").expect("made");
    assert_eq!(other.make_folder("/data/more"), Err(libc::EDQUOT));
    assert_eq!(one.write(file, &[0; 101]), Err(libc::EDQUOT));
    assert_eq!(one.write(file, &[0; 60]), Ok(60));
    let theirs = other.open("/data/a", libc::O_WRONLY).expect("opened");
    assert_eq!(other.write(theirs, &[0; 60]), Err(libc::EDQUOT));
    assert_eq!(other.write(theirs, &[0; 40]), Ok(40));
    assert_eq!(one.write(file, b"x"), Err(libc::EDQUOT));
}

#[test]
fn nobody_uses_up_the_descriptors_of_others() {
    let folder = Folder::new();
    folder.write("root/a", "a");
    let limits = FilesService { open_files: 20, ..FilesService::default() };
    let (mut service, mut greedy) = Service::with_client(&[("/data", &folder.path("root"), ALL)], limits);
    let [path, flags, mode] = [Argument::Bytes(b"/data/a"), Argument::Word(0), Argument::Word(0)];
    let arguments = [path, flags, mode];
    let mut files = Vec::new();
    let refused = loop {
        match greedy.ask("open", &arguments) {
            (Status::Ok, words) => files.push(words[0]),
            (refused, _) => break refused,
        }
    };
    assert_eq!((refused, files.len()), (Status::TooMany, 20));
    let mut listings = 0;
    while greedy.ask("opendir", &[Argument::Bytes(b"/data")]).0 == Status::Ok {
        listings += 1;
    }
    assert_eq!(listings, 20);
    let mut other = service.attach();
    assert_eq!(other.contents("/data/a").as_deref(), Ok("a"));
    greedy.forget(files[0]);
    assert_eq!(greedy.contents("/data/a").as_deref(), Ok("a"));
}

#[test]
fn what_a_client_leaves_open_is_closed_with_it() {
    let folder = Folder::new();
    folder.write("root/a", "a");
    let (mut service, client) = folder.serve(ALL);
    let open = |service: &Service| {
        let path = format!("/proc/{}/fd", service.worker());
        std::fs::read_dir(path).expect("root may look, and so may who owns it").count()
    };
    if std::fs::read_dir(format!("/proc/{}/fd", service.worker())).is_err() {
        // It cannot be dumped, so that an ordinary user may not look.
        return;
    }
    let mut before = client;
    before.contents("/data/a").expect("read");
    let count = open(&service);
    let mut client = service.attach();
    for _ in 0..10 {
        client.open("/data/a", libc::O_RDONLY).expect("opened");
        client.call("opendir", &[Argument::Bytes(b"/data")]).expect("opened");
    }
    assert_eq!(open(&service), count + 20);
    service.detach(client);
    // The service is told, and closes them when it comes to that.
    let until = Instant::now() + Duration::from_secs(20);
    while open(&service) != count {
        assert!(Instant::now() < until, "{} are open, and were {count}", open(&service));
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn scratch_is_private_and_as_large_as_it_says() {
    let limits = FilesService { scratch_bytes: Some(256 << 10), written_bytes: 0, ..FilesService::default() };
    let (_service, mut client) = Service::with_client(&[], limits.clone());
    let (_other_service, mut other) = Service::with_client(&[], limits);
    client.put("/tmp/a", "mine").expect("written, and not counted");
    assert_eq!(client.contents("/tmp/a").as_deref(), Ok("mine"));
    assert_eq!(other.contents("/tmp/a"), Err(libc::ENOENT));
    let file = client.open("/tmp/big", NEW).expect("made");
    let mut written = 0;
    let full = loop {
        match client.write(file, &[1; 64 << 10]) {
            Ok(count) => written += count,
            Err(errno) => break errno,
        }
    };
    assert_eq!(full, libc::ENOSPC);
    assert!(written < 256 << 10, "{written}");
    let full = (0..200).find_map(|number| client.make_folder(&format!("/tmp/{number}")).err());
    assert_eq!(full, Some(libc::ENOSPC), "as many names as there are");
    assert_eq!(client.contents("/tmp/a").as_deref(), Ok("mine"));
}
