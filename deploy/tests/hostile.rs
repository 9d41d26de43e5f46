//! Input that is no deployment, or wants to be none: answers with a place, never a panic.

use proptest::prelude::*;
use splitbrain_deploy::report::{Paint, document, patches, sarif, text};
use splitbrain_deploy::{Memory, Reading, findings, read};

fn read_all(files: &[(&str, &[u8])]) -> Reading {
    let store = Memory(files.iter().map(|(name, bytes)| ((*name).to_owned(), bytes.to_vec())).collect());
    let reading = read(&store, &[".".to_owned()]);
    let found = findings(&reading);
    let plain = |text: &str| text.to_owned();
    let paint = Paint { severity: &|_, text| text.to_owned(), strong: &plain, weak: &plain };
    let _ = (text(&reading, &found, &paint), document("0", &store, &reading, &found), sarif("0", &found));
    let _ = patches(&store, &found);
    reading
}

fn told(files: &[(&str, &[u8])]) -> Vec<String> {
    read_all(files).troubles.iter().map(ToString::to_string).collect()
}

#[test]
fn what_cannot_be_read_is_said_with_its_place() {
    let cases: &[(&str, &[u8], &str)] = &[
        ("a.yml", b"services:\n\tredis: x\n", "a.yml:2:1: this is not YAML: a tab"),
        ("b.yaml", b"kind: ConfigMap\napiVersion: v1\nname: {{ .Values.name }}\n", "b.yaml:3:7: is a template"),
        ("c.conf", b"port 1\0\n", "c.conf:1:1: is not a text file"),
        ("d.conf", &[0xff, 0xfe, b'p', 0], "d.conf:1:1: is UTF-16"),
        ("e.yml", b"a: [1, 2\n", "e.yml:"),
        ("redis.conf", b"port 1\ninclude redis.conf\n", "redis.conf:2:1: `redis.conf` includes itself"),
    ];
    for (name, bytes, expected) in cases {
        let told = told(&[(name, bytes)]);
        assert!(told.iter().any(|trouble| trouble.starts_with(expected)), "{name}: {told:?}");
    }
}

#[test]
fn the_mark_of_an_encoding_is_a_part_of_the_first_word_for_redis_alone() {
    let refused = |name: &str, text: &str| {
        let reading = read_all(&[(name, text.as_bytes())]);
        let refused = findings(&reading).iter().any(|finding| finding.id == "start-refused" && finding.place.line == 1);
        (refused, reading.troubles.len())
    };
    assert_eq!(refused("sentinel.conf", "\u{feff}# ours\nsentinel monitor m 10.0.0.1 6379 2\n"), (true, 0));
    assert_eq!(refused("redis.conf", "\u{feff}port 6379\n"), (true, 0));
    assert_eq!(refused("docker-compose.yml", "\u{feff}services:\r\n  r: {image: redis}\r\n"), (false, 0));
}

#[test]
fn addresses_that_the_c_library_takes_for_numbers_are_no_names() {
    for (host, is_name) in [("10.1", false), ("0x7f.0.0.1", false), ("127.000.000.001", false), ("10.0.0.x", true)] {
        let text = format!("sentinel monitor m {host} 6379 2\n");
        let found = findings(&read_all(&[("sentinel.conf", text.as_bytes())]));
        assert_eq!(found.iter().any(|finding| finding.id == "hostname-without-resolve"), is_name, "{host}");
    }
}

#[test]
fn what_others_make_is_told_where_nothing_else_is_found() {
    let operated = b"apiVersion: databases.spotahome.com/v1\nkind: RedisFailover\nmetadata: {name: r}\n";
    let reading = read_all(&[("r.yml", operated)]);
    assert!(reading.is_nothing(), "{reading:?}");
    let told: Vec<String> = reading.elsewhere.iter().map(ToString::to_string).collect();
    assert!(
        told.iter().any(|told| told.starts_with("r.yml:2:1: RedisFailover is carried out by an operator")),
        "{told:?}"
    );
}

#[test]
fn a_very_long_command_or_text_costs_no_more_than_it_is_long() {
    let command = format!("services: {{a: {{image: redis, command: '{}'}}}}\n", "x ".repeat(400_000));
    assert!(told(&[("docker-compose.yml", command.as_bytes())]).is_empty());
    let text = format!("services: {{a: {{image: redis, command: '{}'}}}}\n", "x ".repeat(600_000));
    assert!(told(&[("docker-compose.yml", text.as_bytes())])[0].contains("more than 1 MiB"));
}

#[test]
fn circles_of_compose_files_end() {
    let one = b"include: [two.yml]\nservices:\n  r: {image: redis}\n";
    let two = b"include: [one.yml]\nservices:\n  q: {image: redis}\n";
    assert!(told(&[("one.yml", one), ("two.yml", two)]).iter().all(|trouble| trouble.contains("circle")));
    let extends = b"services:\n  a: {extends: b, image: redis}\n  b: {extends: {service: a}}\n";
    assert_eq!(told(&[("docker-compose.yml", extends)]).len(), 1);
}

#[test]
fn scripts_that_do_not_end_are_given_up() {
    for script in [
        "f() { f; f; }; f; redis-server",
        "while :; do while :; do echo; done; done; x=a; for i in 1 2 3 4 5 6 7 8 9; do for j in 1 2 3 4 5 6 7 8 9; do x=$$x$$x; done; done; echo $$x",
        "eval \"$$0\"; sh /a; . /a; redis-server",
        "$$($$($$($$($$($$(echo redis-server))))))",
    ] {
        let text = format!(
            "services:\n  a:\n    image: redis\n    command: ['sh', '-c', '{}', 'b']\n",
            script.replace('\'', "''")
        );
        read_all(&[("docker-compose.yml", text.as_bytes())]);
    }
}

/// Pieces that mean something to one of the readers.
fn piece() -> impl Strategy<Value = String> {
    let words = [
        "services:",
        "\n  redis:\n",
        "\n    image: redis\n",
        "    command: ",
        "sh -c \"",
        "\"",
        "'",
        "echo ",
        " > /data/s.conf",
        "; ",
        " && ",
        " || ",
        "if [ ",
        " ]; then ",
        "fi",
        "done",
        "for x in ",
        "do ",
        "case x in ",
        "esac",
        "$(",
        ")",
        "`",
        "${",
        "}",
        "$$",
        "$((1/0))",
        "<<EOF\n",
        "\nEOF\n",
        "redis-sentinel /data/s.conf",
        "redis-server ",
        "--port",
        "--replicaof ",
        "\\",
        "\n",
        "\r\n",
        "\t",
        " ",
        "#",
        "apiVersion: v1\nkind: StatefulSet\n",
        "spec:\n  replicas: 3\n  template:\n    spec:\n      containers:\n",
        "      - image: redis\n",
        "---\n",
        "&a ",
        "*a",
        "<<: *a",
        "{",
        "}",
        "[",
        "]",
        ": ",
        ", ",
        "|\n",
        ">\n",
        "sentinel monitor m h 1 2",
        "port 1",
        "- ",
        "é",
        "\u{0}",
        "sed -i s/a/b/g ",
        "printf '%s\\n' ",
        "[[ a =~ -([0-9]+)$ ]]",
        "exec ",
        "include x.conf",
        "volumes: [.:/data:ro]",
        "0755",
        "$HOSTNAME",
    ];
    prop_oneof![4 => prop::sample::select(words.to_vec()).prop_map(str::to_owned), 1 => "[ -~\n]{0,6}"]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_a_reader_panic(pieces in prop::collection::vec(piece(), 0..40)) {
        let text = pieces.concat();
        let compose = format!("services:\n  redis:\n    image: redis\n    command:\n      - sh\n      - -c\n      - |\n        {}\n", text.replace('\n', "\n        "));
        for name in ["a.yml", "sentinel.conf", "redis.conf", "a.sh", ".env", "a.env"] {
            read_all(&[(name, text.as_bytes())]);
        }
        read_all(&[("docker-compose.yml", compose.as_bytes()), (".env", text.as_bytes())]);
    }

    #[test]
    fn no_bytes_make_a_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        for name in ["a.yml", "sentinel.conf", "a.sh", "a.env"] {
            read_all(&[(name, &bytes)]);
        }
    }
}
