use proptest::prelude::*;

use super::*;

fn archive() -> Vec<u8> {
    let mut builder = ::tar::Builder::new(Vec::new());
    let mut put = |name: &str, kind: ::tar::EntryType, content: &[u8], target: &str| {
        let mut header = ::tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_mode(0o640);
        header.set_uid(33);
        header.set_gid(2_000_000);
        header.set_size(content.len() as u64);
        if target.is_empty() {
            builder.append_data(&mut header, name, content).unwrap();
        } else {
            builder.append_link(&mut header, name, target).unwrap();
        }
    };
    put("./etc/", ::tar::EntryType::Directory, b"", "");
    put("./etc/passwd", ::tar::EntryType::Regular, b"root:x:0:0", "");
    put("etc/twin", ::tar::EntryType::Link, b"", "./etc/passwd");
    put("bin", ::tar::EntryType::Symlink, b"", "../usr/bin");
    put(&"long/".repeat(60), ::tar::EntryType::Regular, b"x", "");
    builder.into_inner().unwrap()
}

#[test]
fn members_of_an_archive() {
    let archive = archive();
    assert!(is_tar(&archive));
    let found = members(&archive).unwrap();
    let shown: Vec<(String, Kind)> = found
        .iter()
        .map(|m| (String::from_utf8_lossy(&m.path).into_owned(), m.kind))
        .collect();
    let long = "long/".repeat(60);
    assert_eq!(
        shown,
        [
            ("etc".to_owned(), Kind::Directory),
            ("etc/passwd".to_owned(), Kind::File),
            ("etc/twin".to_owned(), Kind::HardLink),
            ("bin".to_owned(), Kind::Link),
            (long.trim_end_matches('/').to_owned(), Kind::File),
        ]
    );
    assert_eq!(found[2].target, b"etc/passwd");
    assert_eq!(found[3].target, b"../usr/bin");
    assert_eq!(
        (found[1].uid, found[1].gid, found[1].mode),
        (33, 2_000_000, 0o640)
    );
    let content = found[1].content(Arc::new(archive));
    let mut bytes = [0; 4];
    content.read_at(6, &mut bytes).unwrap();
    assert_eq!(&bytes, b":0:0");
    assert!(content.read_at(7, &mut bytes).is_err());
}

#[test]
fn refuses() {
    let header = |name: &[u8]| {
        let mut header = ::tar::Header::new_gnu();
        header.set_size(0);
        header.set_mode(0);
        header.as_old_mut().name[..name.len()].copy_from_slice(name);
        header.set_cksum();
        header.as_bytes().to_vec()
    };
    let text = |bytes: Vec<u8>| members(&bytes).map(|m| m.len()).map_err(|e| e.to_string());
    assert_eq!(text(header(b"a")), Ok(1));
    assert_eq!(text(Vec::new()), Ok(0));
    let broken = |what: &str| Err(format!("the tar archive is broken: {what}"));
    assert_eq!(
        text(header(b"a/../../b")),
        broken("a name that leads out of it")
    );
    let mut wrong = header(b"a");
    wrong[0] = b'b';
    assert_eq!(text(wrong), broken("a header has a wrong sum"));
    let whole = archive();
    assert_eq!(
        text(whole[..512 * 2 + 9].to_vec()),
        broken("it is cut short")
    );
}

proptest! {
    #[test]
    fn survives(changes in proptest::collection::vec((0usize..4096, any::<u8>()), 1..4), cut in 0usize..6000) {
        let mut bytes = archive();
        for (at, byte) in changes {
            let at = at % bytes.len();
            bytes[at] = byte;
        }
        bytes.truncate(cut.max(512));
        if let Ok(found) = members(&bytes) {
            let bytes: Arc<dyn Disk> = Arc::new(bytes);
            for member in found {
                let content = member.content(Arc::clone(&bytes));
                let mut all = vec![0; usize::try_from(content.size()).unwrap().min(1 << 16)];
                drop(content.read_at(0, &mut all));
            }
        }
    }
}
