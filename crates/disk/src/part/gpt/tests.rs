use proptest::prelude::*;

use super::*;

fn partition(name: &str, first: u64, last: u64) -> Partition {
    Partition {
        kind: TYPE_ESP,
        id: Guid::new(u128::from(first) + 1),
        first,
        last,
        attributes: 0,
        name: name.into(),
    }
}

fn table(sectors: u64, partitions: Vec<Partition>) -> Table {
    Table {
        disk: Guid::new(7),
        sectors,
        partitions,
    }
}

fn check(table: &Table, expected: &str) {
    let got = table
        .write(&[0; BOOT_CODE])
        .map_or_else(|error| error.to_string(), |_| "ok".into());
    assert_eq!(got, expected);
}

#[test]
fn refuses() {
    check(
        &table(67, vec![]),
        "a disk of 67 sectors has no room for a GPT",
    );
    check(&table(4096, vec![partition("a", 34, 4062)]), "ok");
    let outside = "partition `a` is outside the disk or over another";
    check(&table(4096, vec![partition("a", 33, 4062)]), outside);
    check(&table(4096, vec![partition("a", 34, 4063)]), outside);
    check(&table(4096, vec![partition("a", 80, 79)]), outside);
    let overlap = vec![partition("b", 100, 200), partition("a", 200, 300)];
    check(&table(4096, overlap), outside);
    let long = "x".repeat(37);
    check(
        &table(4096, vec![partition(&long, 34, 35)]),
        &format!("partition name `{long}` is too long"),
    );
    let many = (0..129).map(|at| partition("", 34 + at, 34 + at)).collect();
    check(&table(4096, many), "a GPT holds 128 partitions at most");
}

proptest! {
    #[test]
    fn reads_what_it_writes(
        sectors in 10_000_u64..1 << 40,
        cuts in prop::collection::btree_set(34_u64..9_900, 0..40),
        name in "[a-zä-ö😀]{0,18}",
        disk: u128,
    ) {
        let cuts: Vec<u64> = cuts.into_iter().collect();
        let partitions = cuts
            .chunks_exact(2)
            .map(|pair| partition(&name, pair[0], pair[1]))
            .collect();
        let table = Table { disk: Guid::new(disk), sectors, partitions };
        let (primary, backup) = table.write(&[3; BOOT_CODE]).unwrap();
        prop_assert_eq!(primary.len(), 34 * 512);
        prop_assert_eq!(backup.len() as u64, TABLE_SECTORS * SECTOR);
        prop_assert_eq!(Table::read(&primary, sectors), Ok(table));
    }

    #[test]
    fn any_bytes_are_read_without_harm(
        mut bytes in prop::collection::vec(any::<u8>(), 17_000..18_000),
        flips in prop::collection::vec((512_usize..17_000, any::<u8>()), 1..4),
        sectors: u64,
    ) {
        prop_assert!(Table::read(&bytes, sectors).is_err());
        let (good, _) = table(4096, vec![partition("a", 34, 4062)]).write(&[0; BOOT_CODE]).unwrap();
        bytes = good.clone();
        for (at, byte) in flips {
            bytes[at] = byte;
        }
        if bytes[512..604] != good[512..604] || bytes[1024..] != good[1024..] {
            prop_assert!(Table::read(&bytes, 4096).is_err());
        }
    }
}
