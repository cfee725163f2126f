use super::*;
use proptest::prelude::*;
use std::net::{SocketAddrV4, SocketAddrV6};

fn service(connect: &[&str]) -> NetService {
    let connect = connect.iter().map(|text| NetPlace::parse(text).unwrap()).collect();
    NetService { connect, ..NetService::default() }
}

fn at(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

#[test]
fn places_are_written_in_one_way() {
    for text in [
        "api.example.com:443",
        "*.example.org:443",
        "127.0.0.1:5432",
        "10.1.0.0/16:*",
        "[::1]:80",
        "[fd00::/8]:*",
        "localhost:6379",
        "*:443",
        "0.0.0.0/0:1",
        "_srv.a-b.x1:0",
    ] {
        assert_eq!(NetPlace::parse(text).unwrap().to_string(), text);
    }
    assert_eq!(NetPlace::parse("API.Example.com.:443").unwrap().to_string(), "api.example.com:443");
    for (text, wrong) in [
        ("api.example.com", WrongPlace::NoPort),
        ("", WrongPlace::NoPort),
        ("[::1]", WrongPlace::NoPort),
        ("api.example.com:", WrongPlace::Port),
        ("api.example.com:https", WrongPlace::Port),
        ("api.example.com:65536", WrongPlace::Port),
        ("api.example.com:+80", WrongPlace::Port),
        ("::1:80", WrongPlace::Brackets),
        ("[::1:80", WrongPlace::Brackets),
        ("https://api.example.com:443", WrongPlace::Scheme),
        ("10.1.2.3/16:80", WrongPlace::HostBits),
        ("[fd00::1/64]:80", WrongPlace::HostBits),
        ("10.0.0.0/33:80", WrongPlace::Prefix),
        ("10.0.0.0/x:80", WrongPlace::Prefix),
        ("api.*.com:443", WrongPlace::Star),
        ("*example.com:443", WrongPlace::Star),
        ("bücher.example:443", WrongPlace::NotAscii),
        ("[::ffff:127.0.0.1]:80", WrongPlace::Host),
        ("[127.0.0.1]:80", WrongPlace::Host),
        (":80", WrongPlace::Host),
        ("a..b:80", WrongPlace::Host),
        ("-a:80", WrongPlace::Host),
        ("a b:80", WrongPlace::Host),
        // What some programs read as 127.0.0.1.
        ("2130706433:80", WrongPlace::Host),
        ("127.1:80", WrongPlace::Host),
        ("0x7f000001:80", WrongPlace::Host),
        ("127.0.0.0x1:80", WrongPlace::Host),
        ("0177.0.0.1:80", WrongPlace::Host),
        ("*.1:80", WrongPlace::Host),
    ] {
        assert_eq!(NetPlace::parse(text), Err(wrong), "{text}");
    }
}

#[test]
fn special_addresses_are_known() {
    for text in [
        "0.0.0.0",
        "10.0.0.1",
        "100.64.0.1",
        "127.0.0.1",
        "127.255.255.254",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.8",
        "192.168.1.1",
        "198.19.255.255",
        "203.0.113.9",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:127.0.0.1",
        "64:ff9b::a00:1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "2002:a00:1::1",
        "3fff::1",
        "5f00::1",
        "fc00::1",
        "fd12::1",
        "fe80::1",
        "fec0::1",
        "ff02::1",
    ] {
        assert!(is_special(text.parse().unwrap()), "{text}");
    }
    for text in [
        "1.1.1.1",
        "100.63.255.255",
        "100.128.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "192.167.255.255",
        "223.255.255.255",
        "2606:4700::1111",
        "2a00::1",
        "64:ff9b::101:101",
        "2002:101:101::1",
        "::ffff:1.1.1.1",
    ] {
        assert!(!is_special(text.parse().unwrap()), "{text}");
    }
}

#[test]
fn a_name_leads_to_ordinary_addresses_alone() {
    let net = service(&["api.example.com:443", "*.example.org:*"]);
    assert!(net.names("api.example.com", 443) && net.names("api.example.com", 0));
    assert!(!net.names("api.example.com", 80) && !net.names("example.com", 443) && !net.names("xapi.example.com", 443));
    assert!(net.names("a.example.org", 1) && net.names("a.b.example.org", 1));
    assert!(!net.names("example.org", 1) && !net.names(".example.org", 1) && !net.names("aexample.org", 1));
    assert!(net.leads("api.example.com", at("1.1.1.1:443")) && !net.leads("api.example.com", at("1.1.1.1:80")));
    assert!(!net.leads("api.example.com", at("1.1.1.1:0")) && !net.leads("a.example.org", at("1.1.1.1:0")));
    for inside in ["127.0.0.1:443", "10.0.0.1:443", "[::1]:443", "[::ffff:127.0.0.1]:443", "169.254.169.254:443"] {
        assert!(!net.leads("api.example.com", at(inside)), "{inside}");
        assert!(!net.reaches(at(inside)), "{inside}");
    }
    assert!(!net.reaches(at("1.1.1.1:443")), "no name has led there");
    // Unless somebody has named the address as well, with that port.
    let net = service(&["db.example.com:5432", "10.1.0.0/16:5432"]);
    assert!(net.leads("db.example.com", at("10.1.2.3:5432")) && net.reaches(at("10.1.2.3:5432")));
    assert!(net.reaches(at("[::ffff:10.1.2.3]:5432")), "the same address in another form");
    assert!(!net.leads("db.example.com", at("10.1.2.3:5433")) && !net.leads("db.example.com", at("10.2.2.3:5432")));
}

#[test]
fn any_host_is_any_of_the_internet() {
    let net = service(&["*:443"]);
    assert!(net.names("whatever.example", 443) && net.reaches(at("1.1.1.1:443")));
    assert!(!net.reaches(at("127.0.0.1:443")) && !net.leads("whatever.example", at("10.0.0.1:443")));
    assert!(!net.reaches(at("1.1.1.1:80")));
    assert!(net.has_names() && !service(&["localhost:1", "127.0.0.1:1"]).has_names());
}

#[test]
fn localhost_is_this_machine() {
    let net = service(&["localhost:6379"]);
    assert!(net.names("localhost", 6379));
    assert!(net.reaches(at("127.0.0.1:6379")) && net.reaches(at("[::1]:6379")));
    assert!(!net.reaches(at("127.0.0.2:6379")) && !net.reaches(at("127.0.0.1:6380")));
}

#[test]
fn who_listens_names_the_address_and_the_port() {
    let listen = |texts: &[&str]| NetService {
        listen: texts.iter().map(|text| NetPlace::parse(text).unwrap()).collect(),
        ..NetService::default()
    };
    let net = listen(&["127.0.0.1:8000", "[::1]:0"]);
    assert!(
        net.listens(at("127.0.0.1:8000")) && net.listens(at("[::1]:0")) && net.listens(at("[::ffff:127.0.0.1]:8000"))
    );
    assert!(!net.listens(at("127.0.0.1:0")) && !net.listens(at("0.0.0.0:8000")) && !net.listens(at("127.0.0.1:8001")));
    assert!(listen(&["localhost:*"]).listens(at("127.0.0.1:0")) && listen(&["0.0.0.0:80"]).listens(at("0.0.0.0:80")));
    assert!(!listen(&[]).listens(at("127.0.0.1:0")));
}

proptest! {
    #[test]
    fn no_text_panics(text in ".{0,40}") {
        if let Ok(place) = NetPlace::parse(&text) {
            prop_assert_eq!(NetPlace::parse(&place.to_string()), Ok(place));
        }
    }

    #[test]
    fn a_network_has_exactly_its_addresses(address: u32, prefix in 0_u8..=32, other: u32) {
        let mask = u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0);
        let text = format!("{}/{prefix}:*", Ipv4Addr::from_bits(address & mask));
        let net = service(&[&text]);
        let other = Ipv4Addr::from_bits(other);
        let inside = other.to_bits() & mask == address & mask;
        prop_assert_eq!(net.reaches(SocketAddrV4::new(other, 1).into()), inside);
        prop_assert_eq!(net.reaches(SocketAddrV6::new(other.to_ipv6_mapped(), 1, 0, 0).into()), inside);
    }

    #[test]
    fn no_name_leads_to_what_is_special(bits: u128, v4: u32, mapped: bool, port in 1_u16..) {
        let net = service(&["*:*", "a.example:*", "*.example:*"]);
        let v4 = Ipv4Addr::from_bits(v4);
        let ips: [IpAddr; 2] = [Ipv6Addr::from_bits(bits).into(), if mapped { v4.to_ipv6_mapped().into() } else { v4.into() }];
        for ip in ips {
            let address = SocketAddr::new(ip, port);
            prop_assert_eq!(net.leads("a.example", address), !is_special(ip));
            prop_assert_eq!(net.reaches(address), !is_special(ip));
        }
    }

    #[test]
    fn a_form_of_an_address_is_as_special_as_the_address(v4: u32) {
        let v4 = Ipv4Addr::from_bits(v4);
        let [a, b, c, d] = v4.octets().map(u16::from);
        let (high, low) = (a << 8 | b, c << 8 | d);
        let special = is_special(v4.into());
        prop_assert_eq!(is_special(v4.to_ipv6_mapped().into()), special);
        prop_assert_eq!(is_special(Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, high, low).into()), special);
        prop_assert_eq!(is_special(Ipv6Addr::new(0x2002, high, low, 0, 0, 0, 0, 1).into()), special);
    }
}

#[test]
fn a_place_covers_what_is_inside_it() {
    let covers = |outer: &str, inner: &str| NetPlace::parse(outer).unwrap().covers(&NetPlace::parse(inner).unwrap());
    for (outer, inner) in [
        ("a.example:443", "a.example:443"),
        ("a.example:*", "a.example:443"),
        ("*.example.org:443", "a.b.example.org:443"),
        ("*.example.org:443", "*.a.example.org:443"),
        ("*:443", "*.example.org:443"),
        ("*:*", "a.example:443"),
        ("10.0.0.0/8:*", "10.1.0.0/16:22"),
        ("10.0.0.0/8:22", "10.1.2.3:22"),
        ("[fd00::/8]:*", "[fd00::1]:80"),
    ] {
        assert!(covers(outer, inner), "{outer} has {inner} in it");
        assert_eq!(covers(inner, outer), inner == outer, "{inner} has not {outer} in it");
    }
    for (outer, inner) in [
        ("a.example:443", "a.example:80"),
        ("*.example.org:443", "example.org:443"),
        ("*.example.org:443", "evilexample.org:443"),
        ("*:*", "localhost:80"),
        ("*:*", "10.0.0.1:80"),
        ("*.localhost:*", "a.localhost:80"),
        ("0.0.0.0/0:*", "localhost:80"),
        ("0.0.0.0/0:*", "[::]:80"),
        ("10.1.0.0/16:*", "10.2.0.0/16:*"),
    ] {
        assert!(!covers(outer, inner), "{outer} has not {inner} in it");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8192))]

    /// Whoever is let through by the inner place would have been by the outer one.
    #[test]
    fn what_is_covered_reaches_no_further(
        outer in some_place(),
        inner in some_place(),
        name in prop::sample::select(&["localhost", "a.localhost", "a.org", "b.a.org", "c.b.a.org", "x"][..]),
        address in prop::sample::select(&["127.0.0.1", "10.0.0.1", "10.1.0.1", "8.8.8.8", "::1", "fd00::1", "2600::1"][..]),
        port in 0u16..3,
    ) {
        let (outer, inner) = (NetPlace::parse(&outer).unwrap(), NetPlace::parse(&inner).unwrap());
        if !outer.covers(&inner) {
            return Ok(());
        }
        let address = SocketAddr::new(address.parse().unwrap(), port);
        let may = |place: &NetPlace| {
            let places = vec![place.clone()];
            let service = NetService { connect: places.clone(), listen: places, ..NetService::default() };
            [service.names(name, port), service.reaches(address), service.leads(name, address), service.listens(address)]
        };
        for (outer, inner) in may(&outer).into_iter().zip(may(&inner)) {
            prop_assert!(outer || !inner);
        }
    }
}

fn some_place() -> impl Strategy<Value = String> {
    let hosts = [
        "*",
        "*.org",
        "*.a.org",
        "*.b.a.org",
        "a.org",
        "b.a.org",
        "x",
        "localhost",
        "a.localhost",
        "*.localhost",
        "10.0.0.0/8",
        "10.1.0.0/16",
        "10.1.0.1",
        "127.0.0.1",
        "0.0.0.0/0",
        "[::1]",
        "[::/0]",
        "[fd00::/8]",
    ];
    (prop::sample::select(hosts.to_vec()), prop::sample::select(vec!["*", "1", "2"]))
        .prop_map(|(host, port)| format!("{host}:{port}"))
}
