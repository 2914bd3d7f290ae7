//! Networks in CIDR notation, IPv4 and IPv6.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{Args, Failed, Function, function};
use crate::value::Value;

type Result<T = Value> = std::result::Result<T, Failed>;

pub(super) const FUNCTIONS: &[Function] = &[
    function(
        "cidrhost",
        "cidrhost(prefix, number)",
        "the address with this number; from the end when negative",
        2,
        Some(2),
        |a| {
            let network = network(a, 0)?;
            let number = i128::from(a.whole(1)?);
            let room = network.bits() - network.length;
            let size = if room >= 127 {
                i128::MAX
            } else {
                1i128 << room
            };
            let place = if number < 0 { size + number } else { number };
            if place < 0 || place >= size {
                return a.wrong(1, format!("the prefix has {size} addresses"));
            }
            Ok(network.show(network.base | place.unsigned_abs()).into())
        },
    ),
    function(
        "cidrnetmask",
        "cidrnetmask(prefix)",
        "the mask of an IPv4 prefix",
        1,
        Some(1),
        |a| {
            let network = network(a, 0)?;
            if !network.is_v4 {
                return a.wrong(0, "only IPv4 has masks");
            }
            Ok(network.show(network.mask(network.length)).into())
        },
    ),
    function(
        "cidrsubnet",
        "cidrsubnet(prefix, bits, number)",
        "a part of a prefix, longer by so many bits",
        3,
        Some(3),
        |a| {
            let network = network(a, 0)?;
            let length = network
                .length
                .saturating_add(u32::try_from(a.count(1)?).unwrap_or(u32::MAX));
            if length > network.bits() {
                return a.wrong(
                    1,
                    format!("the prefix would be longer than {} bits", network.bits()),
                );
            }
            let number = a.count(2)? as u128;
            let count = length - network.length;
            if count < 128 && number >> count != 0 {
                return a.wrong(2, format!("there are {} such parts", 1u128 << count));
            }
            let shift = network.bits() - length;
            let place = if shift >= 128 { 0 } else { number << shift };
            Ok(format!("{}/{length}", network.show(network.base | place)).into())
        },
    ),
    function(
        "cidrsubnets",
        "cidrsubnets(prefix, bits...)",
        "parts of a prefix one after the other",
        1,
        None,
        subnets,
    ),
];

struct Network {
    base: u128,
    length: u32,
    is_v4: bool,
}

impl Network {
    fn bits(&self) -> u32 {
        if self.is_v4 { 32 } else { 128 }
    }

    fn mask(&self, length: u32) -> u128 {
        let all = if self.is_v4 {
            u128::from(u32::MAX)
        } else {
            u128::MAX
        };
        let shift = self.bits() - length;
        if shift >= 128 {
            0
        } else {
            (all >> shift) << shift
        }
    }

    fn show(&self, address: u128) -> String {
        if self.is_v4 {
            Ipv4Addr::from(u32::try_from(address).unwrap_or(u32::MAX)).to_string()
        } else {
            Ipv6Addr::from(address).to_string()
        }
    }
}

fn network(a: &Args<'_>, n: usize) -> Result<Network> {
    let text = a.text(n)?;
    let wrong = || a.wrong(n, "a prefix is written as 10.0.0.0/8 or fd00::/8");
    let Some((address, length)) = text.split_once('/') else {
        return wrong();
    };
    let (Ok(address), Ok(length)) = (address.parse::<IpAddr>(), length.parse::<u32>()) else {
        return wrong();
    };
    let (base, is_v4) = match address {
        IpAddr::V4(address) => (u128::from(u32::from(address)), true),
        IpAddr::V6(address) => (u128::from(address), false),
    };
    let mut network = Network {
        base,
        length,
        is_v4,
    };
    if length > network.bits() {
        return wrong();
    }
    network.base &= network.mask(length);
    Ok(network)
}

fn subnets(a: &Args<'_>) -> Result {
    let network = network(a, 0)?;
    let mut next = network.base;
    let mut out = Vec::new();
    let room = network.bits() - network.length;
    // `None`: the end of the prefix lies beyond what a number can hold, or nothing is left.
    let end = if room >= 128 {
        None
    } else {
        network.base.checked_add(1 << room)
    };
    let mut is_full = false;
    for n in 1..a.len() {
        let length = network
            .length
            .saturating_add(u32::try_from(a.count(n)?).unwrap_or(u32::MAX));
        if length > network.bits() {
            return a.wrong(
                n,
                format!("the prefix would be longer than {} bits", network.bits()),
            );
        }
        let shift = network.bits() - length;
        let size = if shift >= 128 { 0 } else { 1u128 << shift };
        // Each part begins at a multiple of its size.
        let start = if size == 0 {
            next
        } else {
            next.checked_next_multiple_of(size).unwrap_or(u128::MAX)
        };
        if is_full || end.is_some_and(|end| start >= end) {
            return a.wrong(n, "the prefix has no room left");
        }
        out.push(Value::from(format!("{}/{length}", network.show(start))));
        match start.checked_add(size).filter(|_| size > 0) {
            Some(after) => next = after,
            None => is_full = true,
        }
    }
    Ok(out.into())
}
