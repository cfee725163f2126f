use super::*;
use proptest::prelude::*;

fn rule(text: &str) -> HttpRule {
    text.parse().unwrap_or_else(|mistake| panic!("{text}: {mistake:?}"))
}

fn service(rules: &[&str]) -> HttpService {
    HttpService { rules: rules.iter().map(|text| rule(text)).collect(), ..HttpService::default() }
}

/// Whether `METHOD scheme://host:port/path` is allowed.
fn allows(rules: &[&str], request: &str) -> bool {
    let (method, url) = request.split_once(' ').expect("a method");
    let (scheme, rest) = url.split_once("://").expect("a scheme");
    let scheme = if scheme == "https" { Scheme::Https } else { Scheme::Http };
    let slash = rest.find('/').expect("a path");
    let (host, port) = split_authority(&rest[..slash]).expect("a host");
    let Ok(path) = PlainPath::new(&rest.as_bytes()[slash..]) else { return false };
    let target = HttpTarget { method, scheme, host: &host, port: port.unwrap_or(scheme.port()), path: &path };
    service(rules).allows(&target)
}

#[test]
fn each_part_of_a_rule_has_to_match() {
    let rules =
        ["GET https://api.example.com/v1/*", "POST https://api.example.com:8443/v1/items", "* http://127.0.0.1:8080/*"];
    for request in [
        "GET https://api.example.com/v1/items",
        "GET https://api.example.com:443/v1/",
        "GET https://API.example.com/v1/a/b/c",
        "GET https://api.example.com/v1/a%20b",
        "GET https://api.example.com/%76%31/x",
        "POST https://api.example.com:8443/v1/items",
        "PATCH http://127.0.0.1:8080/",
    ] {
        assert!(allows(&rules, request), "{request}");
    }
    for request in [
        "get https://api.example.com/v1/items",
        "HEAD https://api.example.com/v1/items",
        "GET http://api.example.com/v1/items",
        "GET http://api.example.com:443/v1/items",
        "GET https://api.example.com:8443/v1/items",
        "GET https://api.example.com/v1",
        "GET https://api.example.com/v2/items",
        "GET https://api.example.com/V1/items",
        "GET https://api.example.com/",
        "GET https://example.com/v1/items",
        "GET https://a.api.example.com/v1/items",
        "GET https://api.example.com.evil.org/v1/items",
        "POST https://api.example.com:8443/v1/items/",
        "POST https://api.example.com:8443/v1/items/7",
        "POST https://api.example.com/v1/items",
        "GET http://127.0.0.1/",
        "GET http://127.0.0.2:8080/",
    ] {
        assert!(!allows(&rules, request), "{request}");
    }
    assert!(!allows(&[], "GET https://api.example.com/"), "an empty list is nothing");
}

#[test]
fn a_star_between_slashes_is_one_segment() {
    let rules = ["GET https://h.org/users/*/posts", "PUT https://h.org/*/*/x/*"];
    assert!(allows(&rules, "GET https://h.org/users/7/posts"));
    assert!(allows(&rules, "PUT https://h.org/a/b/x/"));
    assert!(allows(&rules, "PUT https://h.org/a/b/x/y/z"));
    for request in [
        "GET https://h.org/users//posts",
        "GET https://h.org/users/posts",
        "GET https://h.org/users/7/8/posts",
        "GET https://h.org/users/7%2F8/posts",
        "GET https://h.org/users/7/posts/",
        "PUT https://h.org/a/b/x",
    ] {
        assert!(!allows(&rules, request), "{request}");
    }
}

#[test]
fn paths_that_servers_disagree_about_match_nothing() {
    let faults = [
        ("v1", PathFault::Relative),
        ("", PathFault::Relative),
        ("*", PathFault::Relative),
        ("//evil.org/", PathFault::Empty),
        ("/v1//x", PathFault::Empty),
        ("/v1/../admin", PathFault::Dots),
        ("/v1/..", PathFault::Dots),
        ("/v1/.", PathFault::Dots),
        ("/v1/%2e%2E/admin", PathFault::Dots),
        ("/v1/.%2e/admin", PathFault::Dots),
        ("/v1/..;/admin", PathFault::Dots),
        ("/v1/..;a=b/admin", PathFault::Dots),
        ("/v1/..%3bx/admin", PathFault::Dots),
        ("/v1/..%20/admin", PathFault::Dots),
        ("/v1/.../admin", PathFault::Dots),
        ("/v1/..%2fadmin", PathFault::Encoded(b'/')),
        ("/v1/x%5c..%5cadmin", PathFault::Encoded(b'\\')),
        ("/v1/x\\..\\admin", PathFault::Character(b'\\')),
        ("/v1/x%00", PathFault::Encoded(0)),
        ("/v1/x%0d%0aHost:", PathFault::Encoded(b'\r')),
        ("/v1/x%7f", PathFault::Encoded(0x7f)),
        ("/v1/%252e%252e/admin", PathFault::Twice),
        ("/v1/%c0%ae%c0%ae/admin", PathFault::Utf8),
        ("/v1/%", PathFault::Percent),
        ("/v1/%4", PathFault::Percent),
        ("/v1/%zz", PathFault::Percent),
        ("/v1/%u002e", PathFault::Percent),
        ("/v1/a b", PathFault::Character(b' ')),
        ("/v1/a\tb", PathFault::Character(b'\t')),
        ("/v1/a?b", PathFault::Character(b'?')),
        ("/v1/a#b", PathFault::Character(b'#')),
        ("/v1/ä", PathFault::Character(0xc3)),
    ];
    for (path, fault) in faults {
        assert_eq!(PlainPath::new(path.as_bytes()), Err(fault), "{path}");
    }
    let long = format!("/{}", "a".repeat(PATH_BYTES));
    assert_eq!(PlainPath::new(long.as_bytes()), Err(PathFault::Long));
    for path in
        ["/", "/v1/", "/a.b", "/..a", "/.well-known/x", "/a;b=c", "/%C3%A4", "/100%25", "/a%20b", "/x[1]", "/%2A"]
    {
        assert!(PlainPath::new(path.as_bytes()).is_ok(), "{path}");
    }
}

#[test]
fn mistakes_in_rules_are_named() {
    for (text, part) in [
        ("https://api.example.com/", "is no request"),
        ("GET", "is no request"),
        ("get https://h.org/", "is no method"),
        ("GET,POST https://h.org/", "is no method"),
        ("CONNECT https://h.org/", "cannot be granted"),
        ("TRACE https://h.org/", "cannot be granted"),
        ("GET  https://h.org/", "is no URL"),
        ("GET ftp://h.org/", "is no URL"),
        ("GET HTTPS://h.org/", "is no URL"),
        ("GET //h.org/", "is no URL"),
        ("GET https://h.org", "has no path"),
        ("GET https:///x", "cannot be a host"),
        ("GET https://*/x", "cannot be a host"),
        ("GET https://*.com/x", "cannot be a host"),
        ("GET https://a.*.com/x", "cannot be a host"),
        ("GET https://H.org/x", "cannot be a host"),
        ("GET https://user@h.org/x", "cannot be a host"),
        ("GET https://user:pw@h.org/x", "has no port"),
        ("GET https://127.1/x", "cannot be a host"),
        ("GET https://0x7f.1/x", "cannot be a host"),
        ("GET https://2130706433/x", "cannot be a host"),
        ("GET https://0x7f000001/x", "cannot be a host"),
        ("GET https://[::1/x", "cannot be a host"),
        ("GET https://::1/x", "cannot be a host"),
        ("GET https://bücher.example/x", "cannot be a host"),
        ("GET https://h.org:/x", "has no port"),
        ("GET https://h.org:0/x", "has no port"),
        ("GET https://h.org:65536/x", "has no port"),
        ("GET https://h.org:*/x", "has no port"),
        ("GET https://h.org:+80/x", "has no port"),
        ("GET https://h.org/a*", "has a star beside"),
        ("GET https://h.org/*a/b", "has a star beside"),
        ("GET https://h.org/**", "has a star beside"),
        ("GET https://h.org/a?b=c", "has a query"),
        ("GET https://h.org/a/../b", "no request can have"),
        ("GET https://h.org//", "no request can have"),
        ("GET https://h.org/a b", "no request can have"),
    ] {
        let mistake = text.parse::<HttpRule>().expect_err(text);
        assert!(mistake.message.contains(part), "{text}: {mistake:?}");
    }
}

#[test]
fn every_method_is_not_those_that_cannot_be_granted() {
    let rules = ["* https://h.org/*"];
    for method in ["GET", "PATCH", "PROPFIND", "get"] {
        assert!(allows(&rules, &format!("{method} https://h.org/")), "{method}");
    }
    for method in ["TRACE", "CONNECT", "trace"] {
        assert!(!allows(&rules, &format!("{method} https://h.org/")), "{method}");
    }
}

#[test]
fn a_name_leads_to_no_private_address_unless_it_is_named() {
    let mut service = service(&[
        "GET http://127.0.0.1:80/public/*",
        "* http://api.org/*",
        "* http://localhost/*",
        "* http://[::1]/*",
    ]);
    let leads = |service: &HttpService, host: &str, to: &str| service.leads(host, to.parse().expect("an address"));
    for (host, to) in [
        ("api.org", "93.184.216.34:80"),
        ("127.0.0.1", "127.0.0.1:80"),
        ("localhost", "127.0.0.1:80"),
        ("localhost", "[::1]:80"),
        ("[::1]", "[::1]:80"),
    ] {
        assert!(leads(&service, host, to), "{host} {to}");
    }
    for (host, to) in [
        // Although another rule names it.
        ("api.org", "127.0.0.1:80"),
        ("api.org", "[::ffff:127.0.0.1]:80"),
        ("api.org", "[::1]:80"),
        ("api.org", "10.0.0.1:80"),
        ("api.org", "169.254.169.254:80"),
        ("127.0.0.1", "10.0.0.1:80"),
        ("localhost", "10.0.0.1:80"),
        ("localhost", "93.184.216.34:80"),
    ] {
        assert!(!leads(&service, host, to), "{host} {to}");
    }
    service.addresses = vec![NetPlace::parse("10.0.0.0/8:80").expect("a network")];
    assert!(leads(&service, "api.org", "10.0.0.1:80"));
    assert!(!leads(&service, "api.org", "10.0.0.1:81") && !leads(&service, "api.org", "127.0.0.1:80"));
}

#[test]
fn hosts_have_one_spelling() {
    assert_eq!(split_authority("API.Example.com:8080"), Some(("api.example.com".to_owned(), Some(8080))));
    assert_eq!(split_authority("[::1]:80"), Some(("[::1]".to_owned(), Some(80))));
    assert_eq!(split_authority("[::1]"), Some(("[::1]".to_owned(), None)));
    for text in [
        "", ":80", "a:b", "a:", "a:0", "a:080080", "a b", "a/b", "a@b", "a,b", "::1", "127.1", "a.", ".a", "a..b",
        "[::1]x", "a:1:2",
    ] {
        assert_eq!(split_authority(text), None, "{text}");
    }
    let below = HostRule::new("*.example.com").expect("a rule");
    assert!(below.matches("a.example.com") && below.matches("a.b.example.com"));
    for host in ["example.com", ".example.com", "aexample.com", "a..example.com", "a.example.com.evil.org"] {
        assert!(!below.matches(host), "{host}");
    }
    let six = HostRule::new("[::1]").expect("a rule");
    assert!(six.matches("[0:0::1]") && !six.matches("::1") && six.is_local());
}

#[test]
fn a_secret_is_never_shown() {
    let secret = Secret::new(b"s3cr3t-k3y\n".to_vec()).expect("a secret");
    assert_eq!(secret.expose(), b"s3cr3t-k3y");
    assert_eq!(format!("{secret:?}"), "Secret(…)");
    assert_eq!(Secret::new(b"a secret\r\n".to_vec()).expect("a secret").expose(), b"a secret");
    let long = [b'q'; SECRET_BYTES + 1];
    for wrong in
        [&b""[..], b"\n", b"\r\n", b"q\nq", b"q\r\nX: y", b" q", b"q ", b"q\0", b"q\n\n", "qä".as_bytes(), &long]
    {
        let message = Secret::new(wrong.to_vec()).expect_err("no secret");
        assert!(!message.contains('q'), "{message}");
    }
    let of = |hosts: &[&str]| HttpSecret {
        header: "Authorization".to_owned(),
        prefix: "Bearer ".to_owned(),
        hosts: hosts.iter().map(|host| HostRule::new(host).expect("a host")).collect(),
    };
    let key = HttpSecret { header: "X-Key".to_owned(), ..of(&["*.b.org"]) };
    let service = HttpService { secrets: vec![of(&["a.org"]), of(&[]), key], ..HttpService::default() };
    assert_eq!(service.secrets_for("a.org"), [0]);
    assert_eq!(service.secrets_for("x.b.org"), [1, 2]);
    assert_eq!(service.secrets_for("b.org"), [1]);
}

#[test]
fn servers_may_take_an_underscore_for_a_hyphen() {
    for name in ["Host", "transfer_encoding", "Content-LENGTH", "Content_Length", "Cloison-Denied", "cloison_x"] {
        assert!(is_own_header(name), "{name}");
    }
    for name in ["Accept", "Authorization", "X-Host", "Content-Type"] {
        assert!(!is_own_header(name), "{name}");
    }
}

/// What a server does that decodes, once or twice, takes `\` for `/`, cuts parameters off, and works points out.
fn careless(path: &[u8], decodings: usize) -> Vec<Vec<u8>> {
    let mut path = path.to_vec();
    for _ in 0..decodings {
        let mut decoded = Vec::new();
        let mut at = 0;
        while at < path.len() {
            let digits = path.get(at + 1..at + 3).and_then(|two| std::str::from_utf8(two).ok());
            match (path[at], digits.and_then(|two| u8::from_str_radix(two, 16).ok())) {
                (b'%', Some(byte)) => {
                    decoded.push(byte);
                    at += 3;
                }
                (byte, _) => {
                    decoded.push(byte);
                    at += 1;
                }
            }
        }
        path = decoded;
    }
    let mut segments: Vec<Vec<u8>> = Vec::new();
    for segment in path.split(|byte| matches!(byte, b'/' | b'\\')) {
        let name = segment.split(|byte| *byte == b';').next().expect("one");
        match name {
            b"" | b"." => {}
            b".." => drop(segments.pop()),
            name => segments.push(name.to_vec()),
        }
    }
    segments
}

/// Paths made of what attacks are made of.
fn nasty_path() -> impl Strategy<Value = String> {
    let part = prop::sample::select(vec![
        "/", "/v1/", "v1", "..", ".", "%2e", "%2E", "%252e", "%2f", "%2F", "%252f", "%5c", "\\", ";", "%3b", ";x=1",
        "//", "a", "b", "%61", "%00", "%20", "%c0%af", "%", "%2", "é", "*", "%2a", "?", "#", "admin", "%25", "[", "~",
    ]);
    prop::collection::vec(part, 0..8).prop_map(|parts| format!("/v1/{}", parts.concat()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn what_a_rule_allows_no_server_takes_for_something_else(path in nasty_path(), decodings in 0..3_usize) {
        let rule: PathRule = "/v1/*".parse().expect("a rule");
        if let Ok(plain) = PlainPath::new(path.as_bytes())
            && rule.matches(&plain)
        {
            let seen = careless(path.as_bytes(), decodings);
            prop_assert_eq!(seen.first().map(Vec::as_slice), Some(&b"v1"[..]), "{}", path);
        }
    }

    #[test]
    fn an_exact_rule_allows_one_path(path in nasty_path()) {
        let rule: PathRule = "/v1/items".parse().expect("a rule");
        let allowed = PlainPath::new(path.as_bytes()).is_ok_and(|plain| rule.matches(&plain));
        if allowed {
            prop_assert_eq!(careless(path.as_bytes(), 1), [b"v1".to_vec(), b"items".to_vec()]);
        }
    }

    #[test]
    fn encoding_changes_nothing(segments in prop::collection::vec("[a-z0-9._~-]{1,6}", 1..5), every in 1..4_usize) {
        let plain: String = segments.iter().map(|segment| format!("/{segment}")).collect();
        let encode = |(index, byte): (usize, u8)| {
            if byte != b'/' && index % every == 0 { format!("%{byte:02x}") } else { char::from(byte).to_string() }
        };
        let encoded: String = plain.bytes().enumerate().map(encode).collect();
        let both = (PlainPath::new(plain.as_bytes()), PlainPath::new(encoded.as_bytes()));
        prop_assert_eq!(&both.0, &both.1);
        if let (Ok(path), Ok(rule)) = (both.0, encoded.parse::<PathRule>()) {
            prop_assert!(rule.matches(&path));
        }
    }

    #[test]
    fn nothing_panics(bytes in prop::collection::vec(any::<u8>(), 0..40), text in "\\PC{0,40}") {
        let _ = PlainPath::new(&bytes);
        let _ = text.parse::<HttpRule>();
        let _ = format!("GET https://{text}").parse::<HttpRule>();
        let _ = split_authority(&text);
        let _ = HostRule::new(&text).map(|rule| rule.matches(&text));
        let _ = Secret::new(bytes);
    }

    #[test]
    fn a_rule_is_written_as_it_was_read(
        method in "(GET|POST|\\*)",
        scheme in "https?",
        host in "(a\\.org|\\*\\.b\\.org|127\\.0\\.0\\.1|\\[::1\\])",
        port in prop::option::of(1..=65535_u16),
        path in "(/([a-z]{1,3}|\\*|%2A|%C3%A4)){1,4}(/|/\\*)?",
    ) {
        let port = port.map(|port| format!(":{port}")).unwrap_or_default();
        let text = format!("{method} {scheme}://{host}{port}{path}");
        let rule = text.parse::<HttpRule>().expect("a rule");
        prop_assert_eq!(rule.to_string().parse::<HttpRule>().expect("a rule"), rule);
    }
}

#[test]
fn a_rule_covers_what_is_inside_it() {
    for (outer, inner) in [
        ("GET https://a.example.com/v1", "GET https://a.example.com/v1"),
        ("* https://a.example.com/v1", "GET https://a.example.com/v1"),
        ("GET https://*.example.com/*", "GET https://a.example.com/v1/*"),
        ("GET https://*.example.com/*", "GET https://*.a.example.com/*"),
        ("GET https://a.example.com/*", "GET https://a.example.com/"),
        ("GET https://a.example.com/v1/*", "GET https://a.example.com/v1/items/7"),
        ("GET https://a.example.com/*/items/*", "GET https://a.example.com/v1/items/*"),
    ] {
        assert!(rule(outer).covers(&rule(inner)), "{outer} has {inner} in it");
        assert_eq!(rule(inner).covers(&rule(outer)), inner == outer, "{inner} has not {outer} in it");
    }
    for (outer, inner) in [
        ("GET https://a.example.com/v1/*", "GET https://a.example.com/v1"),
        ("GET https://a.example.com/v1", "GET https://a.example.com/v1/*"),
        ("GET https://a.example.com/v1/*", "GET https://a.example.com/*"),
        ("GET https://a.example.com/*", "POST https://a.example.com/"),
        ("GET https://a.example.com/*", "GET http://a.example.com/"),
        ("GET https://a.example.com/*", "GET https://a.example.com:8443/"),
        ("GET https://*.example.com/*", "GET https://example.com/"),
        ("GET https://*.example.com/*", "GET https://evilexample.com/"),
        ("GET https://a.example.com/*/x", "GET https://a.example.com//x"),
    ] {
        // The last one is no rule at all.
        let inner = inner.parse();
        assert!(!inner.is_ok_and(|inner| rule(outer).covers(&inner)), "{outer}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    /// Whatever the inner rule allows, the outer one would have allowed.
    #[test]
    fn what_is_covered_allows_no_more(outer in some_rule(), inner in some_rule(), request in some_request()) {
        if rule(&outer).covers(&rule(&inner)) {
            prop_assert!(allows(&[&outer], &request) || !allows(&[&inner], &request), "{} {} {}", outer, inner, request);
        }
    }
}

fn some_rule() -> impl Strategy<Value = String> {
    let hosts = ["a.example.com", "b.a.example.com", "*.example.com", "*.a.example.com", "127.0.0.1"];
    let paths = ["/", "/*", "/v", "/v/", "/v/*", "/*/", "/*/*", "/*/w", "/v/w", "/v/w/*"];
    let method = prop::sample::select(vec!["*", "GET", "PUT"]);
    (method, prop::sample::select(hosts.to_vec()), prop::sample::select(paths.to_vec()))
        .prop_map(|(method, host, path)| format!("{method} https://{host}{path}"))
}

fn some_request() -> impl Strategy<Value = String> {
    let hosts = ["example.com", "a.example.com", "b.a.example.com", "c.b.a.example.com", "127.0.0.1"];
    let paths = ["/", "/v", "/v/", "/v/w", "/v/w/", "/v/w/x", "/w"];
    let method = prop::sample::select(vec!["GET", "PUT", "TRACE"]);
    (method, prop::sample::select(hosts.to_vec()), prop::sample::select(paths.to_vec()))
        .prop_map(|(method, host, path)| format!("{method} https://{host}{path}"))
}
