use super::*;
use proptest::prelude::*;

fn request(lines: &str) -> Result<RequestHead, OwnAnswer> {
    RequestHead::parse(format!("{}\r\n\r\n", lines.replace('\n', "\r\n")).as_bytes())
}

#[test]
fn a_request_is_taken_apart() {
    let head = request(
        "POST /v1/items?a=b&c=[1] HTTP/1.1\nHost: API.example.com:8080\nAccept: */*\nX-Empty:\ncontent-length: 3\nConnection: Keep-Alive\nTE: trailers\nExpect: 100-Continue",
    )
    .expect("a request");
    assert_eq!((head.method.as_str(), head.target.as_str()), ("POST", "/v1/items?a=b&c=[1]"));
    assert_eq!(head.host, ("api.example.com".to_owned(), Some(8080)));
    assert_eq!(head.headers, [("Accept".to_owned(), b"*/*".to_vec()), ("X-Empty".to_owned(), Vec::new())]);
    assert_eq!((head.framing, head.expects, head.closes), (Framing::Length(3), true, false));
    let head = request("GET / HTTP/1.1\nHost: h\nConnection: close").expect("a request");
    assert_eq!((head.framing, head.expects, head.closes), (Framing::Empty, false, true));
    let head = request("PUT / HTTP/1.1\nHost: h\nTransfer-Encoding: Chunked").expect("a request");
    assert_eq!(head.framing, Framing::Chunked);
}

#[test]
fn what_could_be_understood_in_two_ways_is_refused() {
    let cases = [
        // Where a message ends.
        "POST / HTTP/1.1\nHost: h\nContent-Length: 3\nContent-Length: 3",
        "POST / HTTP/1.1\nHost: h\nContent-Length: 3\nContent-Length: 4",
        "POST / HTTP/1.1\nHost: h\nContent-Length: 3\nContent_Length: 4",
        "POST / HTTP/1.1\nHost: h\nContent-Length: 3, 3",
        "POST / HTTP/1.1\nHost: h\nContent-Length: +3",
        "POST / HTTP/1.1\nHost: h\nContent-Length: -1",
        "POST / HTTP/1.1\nHost: h\nContent-Length: 0x3",
        "POST / HTTP/1.1\nHost: h\nContent-Length: 3 4",
        "POST / HTTP/1.1\nHost: h\nContent-Length:",
        "POST / HTTP/1.1\nHost: h\nContent-Length: 99999999999999999999",
        "POST / HTTP/1.1\nHost: h\nContent-Length: 3\nTransfer-Encoding: chunked",
        "POST / HTTP/1.1\nHost: h\nTransfer_Encoding: chunked\nContent-Length: 3",
        "POST / HTTP/1.1\nHost: h\nTransfer-Encoding: chunked\nTransfer-Encoding: chunked",
        "POST / HTTP/1.1\nHost: h\nTransfer-Encoding: chunked\nTransfer-Encoding: identity",
        "POST / HTTP/1.1\nHost: h\nTransfer-Encoding: gzip, chunked",
        "POST / HTTP/1.1\nHost: h\nTransfer-Encoding: xchunked",
        "POST / HTTP/1.1\nHost: h\nTransfer-Encoding: identity",
        "POST / HTTP/1.1\nHost: h\nTransfer-Encoding: \"chunked\"",
        "POST / HTTP/1.1\nHost: h\nTransfer-Encoding:",
        "POST / HTTP/1.1\nHost: h\nTransfer-Encoding : chunked",
        "POST / HTTP/1.1\nHost: h\nTransfer-Encoding\u{b}: chunked",
        // Whom it is for.
        "GET / HTTP/1.1",
        "GET / HTTP/1.1\nHost: h\nHost: h",
        "GET / HTTP/1.1\nHost: h\nHost: other",
        "GET / HTTP/1.1\nHost: a b",
        "GET / HTTP/1.1\nHost: a,b",
        "GET / HTTP/1.1\nHost: a@b",
        "GET / HTTP/1.1\nHost: a/b",
        "GET / HTTP/1.1\nHost:",
        "GET http://other/ HTTP/1.1\nHost: h",
        "GET https://h/ HTTP/1.1\nHost: h",
        "GET * HTTP/1.1\nHost: h",
        "OPTIONS * HTTP/1.1\nHost: h",
        "CONNECT h:443 HTTP/1.1\nHost: h",
        "GET @other/ HTTP/1.1\nHost: h",
        // Another protocol.
        "GET / HTTP/1.1\nHost: h\nUpgrade: websocket",
        "GET / HTTP/1.1\nHost: h\nConnection: Upgrade",
        "GET / HTTP/1.1\nHost: h\nHTTP2-Settings: x",
        "PRI / HTTP/2.0\nHost: h",
        "GET / HTTP/1.0\nHost: h",
        "GET / HTTP/1.2\nHost: h",
        "GET / HTTP/0.9\nHost: h",
        "GET / http/1.1\nHost: h",
        "GET /",
        // Headers that the next hop would take away, or not.
        "GET / HTTP/1.1\nHost: h\nConnection: close, Authorization",
        "GET / HTTP/1.1\nHost: h\nConnection: X-Api-Key",
        "GET / HTTP/1.1\nHost: h\nExpect: 200-ok",
        "GET / HTTP/1.1\nHost: h\nExpect: 100-continue\nExpect: 100-continue",
        // Lines.
        "GET / HTTP/1.1\nHost: h\nA: b\n c",
        "GET / HTTP/1.1\nHost: h\nA: b\n\tc",
        "GET / HTTP/1.1\n Host: h",
        "\nGET / HTTP/1.1\nHost: h",
        "GET  / HTTP/1.1\nHost: h",
        "GET /  HTTP/1.1\nHost: h",
        "GET\t/ HTTP/1.1\nHost: h",
        " GET / HTTP/1.1\nHost: h",
        "GET / HTTP/1.1 \nHost: h",
        "G T / HTTP/1.1\nHost: h",
        "GET / HTTP/1.1\nHost: h\nA",
        "GET / HTTP/1.1\nHost: h\n: b",
        "GET / HTTP/1.1\nHost: h\nA b: c",
        "GET / HTTP/1.1\nHost: h\nA: b\u{0}c",
        "GET / HTTP/1.1\nHost: h\nA: b\u{7f}c",
        "GET / HTTP/1.1\nHost: h\nÄ: c",
        // Paths.
        "GET /a b HTTP/1.1\nHost: h",
        "GET /v1/../admin HTTP/1.1\nHost: h",
        "GET //other/x HTTP/1.1\nHost: h",
        "GET /a#b HTTP/1.1\nHost: h",
        "GET /a?b#c HTTP/1.1\nHost: h",
        "GET /a\\b HTTP/1.1\nHost: h",
        "GET /ä HTTP/1.1\nHost: h",
        "GET /?ä HTTP/1.1\nHost: h",
    ];
    for case in cases {
        assert!(request(case).is_err(), "{case}: {:?}", request(case));
    }
    for bytes in [
        &b"GET / HTTP/1.1\nHost: h\n\n"[..],
        b"GET / HTTP/1.1\r\nHost: h\n\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: h\nX: y\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: h\rX: y\r\n\r\n",
        b"GET / HTTP/1.1\rHost: h\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: h\r\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: h\r\n\r\nGET / HTTP/1.1\r\n\r\n",
        b"\r\n\r\n",
        b"",
    ] {
        assert!(RequestHead::parse(bytes).is_err(), "{}", bytes.escape_ascii());
    }
    let many = format!("GET / HTTP/1.1\nHost: h{}", "\nA: b".repeat(HEADERS));
    assert_eq!(request(&many).expect_err("too many").word, "size");
    let long = format!("GET /?{} HTTP/1.1\nHost: h", "a".repeat(TARGET_BYTES));
    assert_eq!(request(&long).expect_err("too long").word, "size");
}

fn answer(lines: &str) -> Result<AnswerHead, String> {
    AnswerHead::parse(format!("{}\r\n\r\n", lines.replace('\n', "\r\n")).as_bytes())
}

#[test]
fn an_answer_is_taken_apart() {
    let head = answer("HTTP/1.1 200 OK\nContent-Length: 5\nSet-Cookie: a\nSet-Cookie: b\nKeep-Alive: 5\nCloison-Denied: request\nX-Hop: 1\nConnection: x-hop")
        .expect("an answer");
    assert_eq!(head.framing("GET"), Framing::Length(5));
    assert_eq!(head.framing("HEAD"), Framing::Empty);
    assert!(head.stays);
    let names: Vec<_> = head.headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["Set-Cookie", "Set-Cookie"]);
    assert_eq!(answer("HTTP/1.1 204 No Content\nContent-Length: 5").expect("an answer").framing("GET"), Framing::Empty);
    assert_eq!(
        answer("HTTP/1.1 304 Not Modified\nTransfer-Encoding: chunked").expect("an answer").framing("GET"),
        Framing::Empty
    );
    assert_eq!(
        answer("HTTP/1.1 200 OK\nTransfer-Encoding: chunked").expect("an answer").framing("GET"),
        Framing::Chunked
    );
    assert_eq!(answer("HTTP/1.1 200").expect("an answer").framing("GET"), Framing::UntilEnd);
    assert!(!answer("HTTP/1.1 200 OK\nConnection: close").expect("an answer").stays);
    assert!(!answer("HTTP/1.0 200 OK\nConnection: keep-alive").expect("an answer").stays);
    for wrong in [
        "HTTP/1.1 200 OK\nContent-Length: 1\nContent-Length: 1",
        "HTTP/1.1 200 OK\nContent-Length: 1\nTransfer-Encoding: chunked",
        "HTTP/1.1 200 OK\nTransfer-Encoding: gzip, chunked",
        "HTTP/1.0 200 OK\nTransfer-Encoding: chunked",
        "HTTP/1.1 200 OK\nA: b\n c",
        "HTTP/1.1 700 OK",
        "HTTP/1.1 099 OK",
        "HTTP/2 200 OK",
        "ICY 200 OK",
        "<html>",
        "HTTP/1.1 200 OK\nA b: c",
        "HTTP/1.1 200 OK\nA: b\u{0}",
    ] {
        assert!(answer(wrong).is_err(), "{wrong}: {:?}", answer(wrong));
    }
    assert!(AnswerHead::parse(b"HTTP/1.1 200 OK\r\nA: b\nC: d\r\n\r\n").is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn what_is_sent_on_has_no_line_of_its_own(
        seed in 0..6_usize,
        edits in prop::collection::vec((any::<prop::sample::Index>(), prop::sample::select(vec![
            "\r", "\n", "\r\n", "\0", " ", "\t", ":", "\r\n ", "\u{b}", "\u{85}", "Content-Length: 1\r\n", "Host: x\r\n", ",", ";", "%0d%0a",
        ])), 0..4),
    ) {
        let seeds = [
            "GET /v1/x?q=1 HTTP/1.1\r\nHost: h\r\nAccept: */*\r\n\r\n",
            "POST /v1/x HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nX-A: b\r\n\r\n",
            "POST /v1/x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n",
            "PUT /v1/x HTTP/1.1\r\nHost: h:80\r\nConnection: close\r\nUser-Agent: me\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: h\r\n\r\n",
            "DELETE /v1/%41 HTTP/1.1\r\nHost: h\r\nCookie: a=b; c=d\r\n\r\n",
        ];
        let mut bytes = seeds[seed].as_bytes().to_vec();
        for (index, edit) in edits {
            let at = index.index(bytes.len());
            bytes.splice(at..at, edit.bytes());
        }
        let Some(end) = end_of_head(&bytes) else { return Ok(()) };
        if let Ok(head) = RequestHead::parse(&bytes[..end]) {
            let plain = |bytes: &[u8]| bytes.iter().all(|byte| !matches!(byte, b'\r' | b'\n' | 0));
            prop_assert!(plain(head.method.as_bytes()) && plain(head.target.as_bytes()));
            prop_assert!(!head.target.contains(' ') && !head.method.contains(' '));
            for (name, value) in &head.headers {
                prop_assert!(plain(name.as_bytes()) && plain(value) && !name.contains([' ', ':']));
                prop_assert!(!is_own_header(name));
            }
        }
    }

    #[test]
    fn nothing_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = RequestHead::parse(&bytes);
        let _ = AnswerHead::parse(&bytes);
        let ended = [&bytes[..], b"\r\n\r\n"].concat();
        let _ = RequestHead::parse(&ended);
        let _ = AnswerHead::parse(&ended);
    }
}
