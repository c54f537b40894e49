//! What Loki's documentation says about parts that came after 2.2.1, or that changed.
//!
//! Tables: a query, a line, and what becomes of it. Each names the page it is from: "Log queries", "Template
//! functions" and "Metric queries" of the documentation of Loki 3, chapters of <https://grafana.com/docs/loki/latest/query/>.

use graftwire_logs::logql::{
    self, ERROR, ERROR_DETAILS, Evaluation, Expr, Grid, Labels, MetricLimits, Pipeline,
};

/// The line and its labels as text, without the details of errors; `dropped` for a line that doesn't pass.
fn through(query: &str, line: &str) -> String {
    let Expr::Log(expr) = logql::parse(query).unwrap_or_else(|error| panic!("{query}: {error}")) else {
        panic!("{query} is a metric query")
    };
    let stream = Labels::new([("job", "varlogs")]);
    match Pipeline::new(&expr).process(1_700_000_000_123_456_789, line.as_bytes(), &stream) {
        None => "dropped".to_owned(),
        Some(entry) => {
            let labels = entry.labels.to_labels();
            let shown: Vec<String> = labels
                .iter()
                .filter(|(name, _)| !matches!(*name, "job" | ERROR_DETAILS))
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            let text = String::from_utf8_lossy(entry.line);
            if text == line {
                shown.join(" ")
            } else {
                format!("{text} <- {}", shown.join(" ")).trim().to_owned()
            }
        }
    }
}

fn check(table: &[(&str, &str, &str)]) {
    for (query, line, expected) in table {
        assert_eq!(through(query, line), *expected, "{query} on {line}");
    }
}

/// "Log queries", line filter expression.
#[test]
fn line_filters_may_have_alternatives() {
    check(&[
        (r#"{} |= "a" or "b""#, "xbx", ""),
        (r#"{} |= "a" or "b""#, "xcx", "dropped"),
        (r#"{} |= "a" or "b" |= "c""#, "bc", ""),
        (r#"{} |= "a" or "b" |= "c""#, "b", "dropped"),
        // None of them: both must be missing.
        (r#"{} != "a" or "b""#, "b", "dropped"),
        (r#"{} != "a" or "b""#, "c", ""),
        (r#"{} |~ "^a" or "b$""#, "xb", ""),
        (r#"{} !~ "^a" or "b$""#, "xb", "dropped"),
        // "The . regex character matches all characters, including newlines."
        (r#"{} |~ "a.b""#, "a\nb", ""),
        (r#"{} | regexp "(?P<x>a.b)""#, "a\nb", ""),
        (r#"{job=~"var.*"} |= "e""#, "error", ""),
    ]);
}

/// "Log queries", removing color codes.
#[test]
fn colours_are_removed() {
    check(&[
        ("{} | decolorize", "\x1b[31mred\x1b[0m and \x1b[1;38;5;200mbold\x1b[m", "red and bold <-"),
        ("{} | decolorize", "plain", ""),
        ("{} | decolorize", "\x1b]8;;http://x\x07link\x1b]8;;\x1b\\ end", "link end <-"),
        ("{} | decolorize", "lone \x1b escape \x1b[", ""),
        (r#"{} |= "[31m" | decolorize |= "[31m""#, "\x1b[31mred", "dropped"),
    ]);
}

/// "Log queries", JSON: the example document, labels without an expression, names that are fit.
#[test]
fn json_gives_what_the_example_says() {
    let document = r#"{"protocol": "HTTP/2.0","servers": ["129.0.1.1","10.2.1.3"],"request": {"time": "6.032","method": "GET","host": "foo.grafana.net","size": "55","headers": {"Accept": "*/*","User-Agent": "curl/7.68.0"}},"response": {"status": 401,"size": "228","latency_seconds": "6.031"}}"#;
    check(&[
        (
            "{} | json",
            document,
            "protocol=HTTP/2.0 request_headers_Accept=*/* request_headers_User_Agent=curl/7.68.0 \
             request_host=foo.grafana.net request_method=GET request_size=55 request_time=6.032 \
             response_latency_seconds=6.031 response_size=228 response_status=401",
        ),
        (
            r#"{} | json first_server="servers[0]", ua="request.headers[\"User-Agent\"]""#,
            document,
            "first_server=129.0.1.1 ua=curl/7.68.0",
        ),
        (
            r#"{} | json server_list="servers", headers="request.headers""#,
            document,
            r#"headers={"Accept": "*/*","User-Agent": "curl/7.68.0"} server_list=["129.0.1.1","10.2.1.3"]"#,
        ),
        ("{} | json servers", document, r#"servers=["129.0.1.1","10.2.1.3"]"#),
        ("{} | json protocol, m=\"request.method\"", document, "m=GET protocol=HTTP/2.0"),
        (r#"{} | json"#, r#"{ "a.b": {"c": "d"}, "e": "f" }"#, "a_b_c=d e=f"),
        // "If an extracted key appears twice, only the first label value will be kept."
        ("{} | json", r#"{"a":"first","b":1,"a":"second"}"#, "a=first b=1"),
        ("{} | json", r#"{"a_b":"first","a":{"b":"second"}}"#, "a_b=first"),
        ("{} | json", r#"{"job":"x","job_extracted":"y"}"#, "job_extracted=x"),
        ("{} | json", r#"{"half":"done","broken":tru}"#, "__error__=JSONParserErr half=done"),
    ]);
}

/// "Log queries", logfmt: the example line, parameters, flags.
#[test]
fn logfmt_gives_what_the_example_says() {
    let line = r#"at=info method=GET path=/ host=grafana.net fwd="124.133.124.161" service=8ms status=200"#;
    check(&[
        (
            "{} | logfmt",
            line,
            "at=info fwd=124.133.124.161 host=grafana.net method=GET path=/ service=8ms status=200",
        ),
        (r#"{} | logfmt host, fwd_ip="fwd""#, line, "fwd_ip=124.133.124.161 host=grafana.net"),
        (r#"{} | logfmt host, missing"#, line, "host=grafana.net missing="),
        // "Without the --strict flag the parser skips invalid key/value pairs and continues."
        ("{} | logfmt", "=value a=b", "a=b"),
        ("{} | logfmt", "a=b foo=bar=buzz c=d", "a=b c=d"),
        ("{} | logfmt", r#"fo"o=bar a=b"#, "a=b"),
        ("{} | logfmt", r#"a=b c="never ends"#, "a=b"),
        ("{} | logfmt --strict", "a=b foo=bar=buzz c=d", "__error__=LogfmtParserErr a=b"),
        ("{} | logfmt --strict", "=value a=b", "__error__=LogfmtParserErr"),
        // "With --keep-empty the parser retains standalone keys as labels with an empty value."
        ("{} | logfmt", "key a= b=c", "b=c"),
        ("{} | logfmt --keep-empty", "key a= b=c", "a= b=c key="),
        ("{} | logfmt --keep-empty --strict host", "host a=b", "host="),
        ("{} | logfmt", "a=first a=second", "a=first"),
        ("{} | logfmt | json", r#"a=b"#, "__error__=JSONParserErr a=b"),
    ]);
}

/// "Log queries", pattern: both examples and the rules below them.
#[test]
fn patterns_give_what_the_examples_say() {
    let nginx = r#"0.191.12.2 - - [10/Jun/2021:09:14:29 +0000] "GET /api/plugins/versioncheck HTTP/1.1" 200 2 "-" "Go-http-client/2.0" "13.76.247.102, 34.120.177.193" "TLSv1.2" "US" """#;
    let loki = r#"level=debug ts=2021-06-10T09:24:13.472094048Z caller=logging.go:66 traceID=0568b66ad2d9294c msg="POST /loki/api/v1/push (204) 16.652862ms""#;
    check(&[
        (
            r#"{} | pattern `<ip> - - <_> "<method> <uri> <_>" <status> <size> <_> "<agent>" <_>`"#,
            nginx,
            "agent=Go-http-client/2.0 ip=0.191.12.2 method=GET size=2 status=200 uri=/api/plugins/versioncheck",
        ),
        (
            r#"{} | pattern `<_> msg="<method> <path> (<status>) <latency>"`"#,
            loki,
            "latency=16.652862ms method=POST path=/loki/api/v1/push status=204",
        ),
        // "If the expression starts with literals, then the log line must also start with them."
        ("{} | pattern `level=<level> <_>`", "level=info x", "level=info"),
        ("{} | pattern `level=<level> <_>`", " level=info x", ""),
        // "To the line end or the next set of literals"; "if a capture is not matched, the parser will stop."
        ("{} | pattern `<a> <b>`", "one", "a=one"),
        ("{} | pattern `<a>-<b> <c>`", "1-2", "a=1 b=2"),
        ("{} | pattern `<a>, <b>`", "x, y, z", "a=x b=y, z"),
        ("{} | pattern `<job>`", "x", "job_extracted=x"),
    ]);
}

/// "Log queries", drop labels and keep labels: the examples.
#[test]
fn drop_and_keep_do_what_the_examples_say() {
    let get = r#"{"level": "info", "method": "GET", "path": "/", "host": "grafana.net", "status": "200"}"#;
    let post = r#"{"level": "info", "method": "POST", "path": "/", "host": "grafana.net", "status": "200"}"#;
    let some = r#"{"app": "some-api-service", "level": "info", "method": "GET", "path": "/", "host": "grafana.net", "status": "200"}"#;
    let other = r#"{"app": "other-service", "level": "info", "method": "GET", "path": "/", "host": "grafana.net", "status": "200"}"#;
    check(&[
        (r#"{} | json | drop level, method="GET""#, get, "host=grafana.net path=/ status=200"),
        (r#"{} | json | drop level, method="GET""#, post, "host=grafana.net method=POST path=/ status=200"),
        ("{} | json | drop __error__", "INFO GET / loki.net 200", ""),
        (
            r#"{} | json | drop level, path, app=~"some-api.*""#,
            some,
            "host=grafana.net method=GET status=200",
        ),
        (
            r#"{} | json | drop level, path, app=~"some-api.*""#,
            other,
            "app=other-service host=grafana.net method=GET status=200",
        ),
        (r#"{} | json | keep level, method="GET""#, get, "level=info method=GET"),
        (r#"{} | json | keep level, method="GET""#, post, "level=info"),
        (r#"{} | json | keep level, tenant, app=~"some-api.*""#, some, "app=some-api-service level=info"),
        (r#"{} | json | keep level, tenant, app=~"some-api.*""#, other, "level=info"),
        // "The keep stage will not drop the __error__ or __error_details__ labels."
        ("{} | json | keep level", "no json", "__error__=JSONParserErr"),
        (r#"{} | drop job | label_format x="{{.job}}.""#, "a", "x=."),
    ]);
}

/// "Log queries" and "Query", pipeline errors.
#[test]
fn errors_have_details() {
    let Expr::Log(expr) = logql::parse("{} | json").unwrap() else { panic!() };
    let stream = Labels::default();
    let mut pipeline = Pipeline::new(&expr);
    let entry = pipeline.process(0, b"no json", &stream).unwrap();
    assert_eq!(entry.labels.get(ERROR), Some("JSONParserErr"));
    assert!(entry.labels.get(ERROR_DETAILS).is_some_and(|details| !details.is_empty()));
    assert_eq!(entry.labels.error(), Some("JSONParserErr"));
    check(&[
        (
            r#"{} | json | __error_details__!="" | line_format "{{.__error__}}""#,
            "x",
            "JSONParserErr <- __error__=JSONParserErr",
        ),
        (r#"{} | logfmt | duration > 10s"#, "duration=soon", "__error__=LabelFilterErr duration=soon"),
        (r#"{} | logfmt | duration > 10s | __error__="""#, "duration=soon", "dropped"),
        (r#"{} | line_format "{{div 1 0}}""#, "x", "__error__=TemplateFormatErr"),
    ]);
}

/// "Template functions": every example that needs no clock and no time zone.
#[test]
fn template_functions_give_what_the_examples_say() {
    let table = [
        (r#"{{ .path | replace " " "_" | trunc 5 | upper }}"#, "A_B_C"),
        (r#"{{ if and (contains "he" "hello") (contains "llo" "hello") }} yes {{end}}"#, " yes "),
        (
            r#"{{ if contains "ErrTimeout" .err }} timeout {{else if contains "he" "hello"}} yes {{else}} no {{end}}"#,
            " timeout ",
        ),
        ("{{ __line__ | lower }}", "path=\"a b c d\" err=errtimeout x"),
        ("{{ __timestamp__ | unixEpoch }}", "1700000000"),
        ("{{ __timestamp__ | unixEpochMillis }}", "1700000000123"),
        ("{{ __timestamp__ | unixEpochNanos }}", "1700000000123456789"),
        (r#"{{ __timestamp__ | date "2006-01-02T15:04:05.00Z-07:00" }}"#, "2023-11-14T22:13:20.12Z+00:00"),
        (r#"{{ date "Mon Jan _2 3:04PM 06" (unixToTime "1679577215") }}"#, "Thu Mar 23 1:13PM 23"),
        (r#"{{ date "2006-01-02" (unixToTime "1679577215000") }}"#, "2023-03-23"),
        (r#"{{ alignLeft 5 "hello world"}}|{{ alignLeft 5 "hi"}}|"#, "hello|hi   |"),
        (r#"{{ alignRight 5 "hello world"}}|{{ alignRight 5 "hi"}}|"#, "world|   hi|"),
        (r#"{{ b64enc "foo bar" }} {{ "Zm9vIGJhcg==" | b64dec }}"#, "Zm9vIGJhcg== foo bar"),
        (r#"{{ bytes "2 KiB" }} {{ "20kb" | bytes }}"#, "2048 20000"),
        (r#"{{ duration "1h30m" }} {{ "250ms" | duration_seconds }}"#, "5400 0.25"),
        (r#"{{ default "-" "" }} {{ default "-" "foo" }} {{ .none | default "-" }}"#, "- foo -"),
        (r#"{{ lower "HELLO"}} {{ upper "hello"}} {{ title "hello world"}}"#, "hello HELLO Hello World"),
        (r#"{{ repeat 3 "hello" }}"#, "hellohellohello"),
        (r#"{{ printf "The IP address was %s" "129.168.1.1" }}"#, "The IP address was 129.168.1.1"),
        (r#"{{ printf "%-12.12s" "/a/509965767" }} {{printf "%-5.5s" "GET"}}|"#, "/a/509965767 GET  |"),
        (r#"{{ printf "%15.15s" "ClientHost" }}"#, "     ClientHost"),
        (r#"{{ replace "hello" "world" "hello world" }}"#, "world world"),
        (r#"{{ substr 0 5 "hello world"}} {{ substr 6 11 "hello world"}}"#, "hello world"),
        (
            r#"{{ trim "   hello    " }}{{ trimAll "$" "$5.00" }}{{ trimPrefix "-" "-hello" }}{{ trimSuffix "-" "hello-" }}"#,
            "hello5.00hellohello",
        ),
        (r#"{{ trunc 5 "hello world"}} {{ trunc -5 "hello world"}}"#, "hello world"),
        (r#"{{ urlencode "a b&c=d/é" }} {{ urldecode "a+b%26c" }}"#, "a+b%26c%3Dd%2F%C3%A9 a b&c"),
        (
            r#"{{ add 3 2 5 }} {{ addf 3.5 2 5 }} {{ ceil 123.001 }} {{ div 10 2}} {{ divf 10 2 4}}"#,
            "10 10.5 124 5 1.25",
        ),
        (
            r#"{{ "3.5" | float64 }} {{ floor 123.9999 }} {{ "3" | int }} {{ max 1 2 3 }} {{ maxf 1 2.5 3 }}"#,
            "3.5 123 3 3 3",
        ),
        (
            r#"{{ min 1 2 3 }} {{ minf 1.5 2.5 3 }} {{ mul 5 2 3}} {{ mulf 5.5 2 2.5 }} {{ mod 10 3}}"#,
            "1 1.5 30 27.5 1",
        ),
        (
            r#"{{ round 123.555555 3 }} {{ round 123.88571428571 5 .2 }} {{ round 123.88571428571 5 }}"#,
            "123.556 123.88572 123.88571",
        ),
        (r#"{{ sub 5 2 }} {{ subf  5.5 2 1.5 }} {{ div "3000" 1000 }}"#, "3 2 3"),
        (r#"{{ count "a|b" "abab" }} {{ count "o" "foo" }} {{ __line__ | count "X" }}"#, "4 2 1"),
        (
            r#"{{ regexReplaceAll "(a*)bc" "aabc" "${1}a" }} {{ regexReplaceAllLiteral "(ts=)" "ts=1" "timestamp=" }}"#,
            "aaa timestamp=1",
        ),
        (
            r#"{{ if eq "hello" "hello" }} yes {{end}}{{ if hasPrefix "he" "hello" }}pre{{end}}{{ if hasSuffix "lo" "hello" }}suf{{end}}"#,
            " yes presuf",
        ),
    ];
    for (template, expected) in table {
        let query = format!("{{}} | logfmt | line_format `{template}`");
        let Expr::Log(expr) = logql::parse(&query).unwrap_or_else(|error| panic!("{error}")) else {
            panic!()
        };
        let stream = Labels::default();
        let mut pipeline = Pipeline::new(&expr);
        let line = b"path=\"a b c d\" err=ErrTimeout X";
        let entry = pipeline.process(1_700_000_000_123_456_789, line, &stream).unwrap();
        assert_eq!(
            String::from_utf8_lossy(entry.line),
            expected,
            "{template}: {:?}",
            entry.labels.get(ERROR_DETAILS)
        );
    }
}

/// "Metric queries", offset modifier, `first_over_time`, `last_over_time`, `vector`.
#[test]
fn metric_queries_of_later_versions() {
    const SECOND: i64 = 1_000_000_000;
    let answer = |query: &str| {
        let Expr::Metric(expr) = logql::parse(query).unwrap_or_else(|error| panic!("{query}: {error}"))
        else {
            panic!("{query} is a log query")
        };
        let grid = Grid { start: 600 * SECOND, end: 600 * SECOND, step: 0 };
        let mut evaluation = Evaluation::new(&expr, grid, MetricLimits::default()).unwrap();
        let stream = Labels::new([("job", "mysql")]);
        for at in 0..600 {
            evaluation.add(at * SECOND, format!("v={at}").as_bytes(), &stream).unwrap();
        }
        let series = evaluation.finish().unwrap();
        series
            .iter()
            .map(|series| format!("{} {:?}", series.labels, series.points))
            .collect::<Vec<_>>()
            .join("; ")
    };
    assert_eq!(answer(r#"count_over_time({job="mysql"}[5m])"#), r#"{job="mysql"} [(600000, 299.0)]"#);
    assert_eq!(
        answer(r#"count_over_time({job="mysql"}[5m] offset 5m)"#),
        r#"{job="mysql"} [(600000, 300.0)]"#
    );
    assert_eq!(
        answer(r#"first_over_time({job="mysql"} | logfmt | unwrap v [1m])"#),
        r#"{job="mysql"} [(600000, 541.0)]"#
    );
    assert_eq!(
        answer(r#"last_over_time({job="mysql"} | logfmt | unwrap v [1m] offset 1m) by (none)"#),
        "{} [(600000, 540.0)]"
    );
    assert_eq!(answer(r#"sum(count_over_time({job="none"}[5m])) or vector(0)"#), "{} [(600000, 0.0)]");
    assert_eq!(
        answer(r#"sum without () (count_over_time({job="mysql"}[10s]))"#),
        r#"{job="mysql"} [(600000, 9.0)]"#
    );
    assert_eq!(
        answer(r#"max_over_time({job="mysql"} | logfmt | unwrap v [1m]) by ()"#),
        "{} [(600000, 599.0)]"
    );
    assert_eq!(answer(r#"vector(1) + 1"#), "{} [(600000, 2.0)]");
}
