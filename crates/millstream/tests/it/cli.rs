//! The small commands.

use crate::harness::Harness;

#[test]
fn records_survive_the_way_there_and_back() {
    let harness = Harness::new();
    let bootstrap = harness.bootstrap();
    harness.create_topic("t", "2");
    let lines = r#"{"key":"a","value":"x\n\"","headers":[{"key":"h","value":"1"},{"key":"h","value":null}],"timestamp":5,"partition":1}
{"key":null,"value_base64":"AP8=","timestamp":6,"partition":1}
{"key":"a","value":null,"timestamp":7,"partition":1}
"#;
    harness.produce("t", lines);
    let consumed = harness.succeed(&["consume", "t", "--bounded", "--bootstrap", &bootstrap]);
    let expected = r#"{"topic":"t","partition":1,"offset":0,"key":"a","value":"x\n\"","headers":[{"key":"h","value":"1"},{"key":"h","value":null}],"timestamp":5}
{"topic":"t","partition":1,"offset":1,"key":null,"value_base64":"AP8=","timestamp":6}
{"topic":"t","partition":1,"offset":2,"key":"a","value":null,"timestamp":7}
"#;
    assert_eq!(consumed, expected);
    let raw = ["consume", "t", "--from", "0", "--count", "1", "--format", "raw", "--bootstrap", &bootstrap];
    assert_eq!(harness.succeed(&raw), "x\n\"\n");
}

#[test]
fn checking_a_job_writes_nothing() {
    let harness = Harness::new();
    let job = harness.write("job.sql", &crate::harness_jobs::cdc_job(""));
    let files = || {
        let mut all: Vec<_> =
            walk(harness.dir.path()).into_iter().map(|path| (std::fs::read(&path).ok(), path)).collect();
        all.retain(|(_, path)| !path.starts_with(harness.path("broker")));
        all.sort();
        all
    };
    let before = files();
    assert!(harness.succeed(&["check", job.to_str().unwrap()]).contains("iceberg(lake.db.t"));
    assert_eq!(files(), before, "beside a warehouse that is not there yet");
    harness.create_topic("t", "1");
    assert_eq!(harness.run_job(&job).code, Some(0));
    let before = files();
    assert!(harness.succeed(&["check", job.to_str().unwrap()]).contains("iceberg(lake.db.t"));
    assert_eq!(files(), before, "beside one that is");
    let other = harness.write("other.sql", &crate::harness_jobs::cdc_job("").replace("name STRING", "name INT"));
    harness.fail(&["check", other.to_str().unwrap()], &["name", "STRING", "INT"]);
}

#[test]
fn checking_finds_what_a_run_would_refuse() {
    let harness = Harness::new();
    let job = crate::harness_jobs::cdc_job("");
    let interval = "SET 'execution.checkpointing.interval' = '1 mni';\n";
    for (text, parts) in [
        (format!("{interval}{job}"), ["execution.checkpointing.interval", "1 mni"]),
        (job.replace("127.0.0.1:1'", "127.0.0.1'"), ["'127.0.0.1'", "broker address"]),
        (
            job.replace("'properties.group.id'='g'", "'properties.fetch.min.byte'='1'"),
            ["fetch.min.byte", "fetch.min.bytes"],
        ),
        (String::new(), ["job.sql", "inserts nothing"]),
    ] {
        let file = harness.write("job.sql", &text);
        harness.fail(&["check", file.to_str().unwrap()], &parts);
    }
    let file = harness.write("job.sql", &job);
    harness.fail(&["check", file.to_str().unwrap(), "--set", "millstream.bad-records=skp"], &["'skp'", "dead-letter"]);
}

#[test]
fn options_of_a_table_that_iceberg_does_not_have_are_refused() {
    let harness = Harness::new();
    let job = crate::harness_jobs::cdc_job("");
    let check = |option: &str| {
        let text = job.replace("'format-version'='3'", &format!("'format-version'='3',\n  {option}"));
        harness.write("job.sql", &text)
    };
    for (option, meant) in [
        ("'write.upsert.enable'='true'", "did you mean 'write.upsert.enabled'?"),
        ("'write.parquet.row-group-size-byte'='1'", "did you mean 'write.parquet.row-group-size-bytes'?"),
        ("'commit.retry.num-retry'='1'", "did you mean 'commit.retry.num-retries'?"),
        ("'write.target-file-size-bytes'='128MB'", "digits alone"),
    ] {
        let file = check(option);
        harness.fail(
            &["check", file.to_str().unwrap()],
            &["job.sql:9:", "^^^", option.split('\'').nth(1).unwrap(), meant],
        );
    }
    let known = "'write.parquet.compression-codec'='zstd','write.parquet.bloom-filter-enabled.column.id'='true',
  'commit.retry.num-retries'='9','write.target-file-size-bytes'='1000000'";
    harness.succeed(&["check", check(known).to_str().unwrap()]);
}

/// Everything below a folder.
fn walk(dir: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { [walk(&path), vec![path]].concat() } else { vec![path] }).collect()
}

#[test]
fn every_codec_is_written_and_read() {
    let harness = Harness::new();
    let bootstrap = harness.bootstrap();
    let lines: Vec<String> = (0..2_000).map(|n| format!("line {n}\n")).collect();
    let lines = lines.concat();
    let file = harness.write("lines", &lines);
    for codec in ["none", "gzip", "snappy", "lz4", "zstd"] {
        harness.create_topic(codec, "1");
        let file = file.to_str().unwrap();
        harness.succeed(&["produce", codec, file, "--codec", codec, "--format", "raw", "--bootstrap", &bootstrap]);
        let read = harness.succeed(&["consume", codec, "--bounded", "--format", "raw", "--bootstrap", &bootstrap]);
        assert!(read == lines, "{codec} changed the records");
    }
    harness.fail(
        &["produce", "none", file.to_str().unwrap(), "--codec", "brotli", "--bootstrap", &bootstrap],
        &["brotli", "zstd"],
    );
}

#[test]
fn an_offset_that_a_partition_does_not_have_is_told_with_its_range() {
    let harness = Harness::new();
    let bootstrap = harness.bootstrap();
    harness.create_topic("t", "2");
    harness.create_topic("empty", "1");
    let line = |partition: i32, value: &str| format!("{{\"partition\":{partition},\"value\":\"{value}\"}}\n");
    harness.produce("t", &[line(0, "a"), line(0, "b"), line(0, "c"), line(1, "d")].concat());
    let consume = |topic: &'static str, more: &[&'static str]| {
        let start = ["consume", topic, "--bounded", "--format", "raw", "--bootstrap", &bootstrap];
        harness.run(&[&start, more].concat())
    };
    for (topic, more, parts) in [
        ("t", &["--from", "9"][..], &["t-0, t-1 have no offset 9", "t-0: its log has the offsets 0 to 2"][..]),
        ("t", &["--from", "2"], &["t-1 has no offset 2", "t-1: its log has the offsets 0 to 0", "--partition N"]),
        ("empty", &["--from", "1"], &["empty-0 has no offset 1", "its log is empty, the next offset is 0"]),
        ("t", &["--partition", "2"], &["t-2 does not exist", "2 partitions"]),
        ("t", &["--from", "-1"], &["'-1' is neither earliest nor latest"]),
    ] {
        let ended = consume(topic, more);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{more:?}: {}", ended.stderr);
        assert!(parts.iter().all(|part| ended.stderr.contains(part)), "{more:?}: {}", ended.stderr);
    }
    for (more, lines, told) in [
        (&["--from", "2", "--partition", "0"][..], "c\n", ""),
        (&["--from", "1"], "b\nc\n", ""),
        (&["--from", "3", "--partition", "0"], "", ""),
        (
            &["--from", "9", "--partition", "1", "--property", "auto.offset.reset=earliest"],
            "d\n",
            "t-1 has no offset 9 (its log has the offsets 0 to 0): beginning at its first record",
        ),
        (
            &["--from", "9", "--partition", "1", "--property", "auto.offset.reset=latest"],
            "",
            "t-1 has no offset 9 (its log has the offsets 0 to 0): beginning at its end",
        ),
    ] {
        let ended = consume("t", more);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), lines), "{more:?}: {}", ended.stderr);
        assert!(ended.stderr.contains(told), "{more:?}: {}", ended.stderr);
    }
}

#[test]
fn properties_of_the_client_are_set_by_kafkas_names_and_wrong_ones_are_refused() {
    let harness = Harness::new();
    let bootstrap = harness.bootstrap();
    harness.create_topic("t", "1");
    let file = harness.write("lines", &("x".repeat(2_000_000) + "\n"));
    let produce = ["produce", "t", file.to_str().unwrap(), "--format", "raw", "--bootstrap", &bootstrap];
    let with = |arguments: &[&'static str]| [&produce, arguments].concat();
    harness.fail(&produce, &["'max.request.size' is 1MiB", "hint: raise it with --property max.request.size=2097152"]);
    harness.succeed(&with(&["--codec", "zstd", "--property", "max.request.size=2097152"]));
    harness.succeed(&with(&["--property", "compression.type=gzip", "--property", "max.request.size=100000000"]));
    for (wrong, parts) in [
        ("max.request.sise=1", ["--property: ", "did you mean 'max.request.size'?"]),
        ("max.request.size=x", ["--property: ", "a number of bytes"]),
        ("bootstrap.servers=a:1", ["'bootstrap.servers'", "--bootstrap"]),
        ("security.protocol=SSL", ["--property: ", "TLS and SASL are not there yet"]),
        ("compression.type=gzip", ["--codec", "leave one out"]),
        ("linger.ms", ["'linger.ms' is not KEY=VALUE", "--property"]),
    ] {
        harness.fail(&with(&["--codec", "zstd", "--property", wrong]), &parts);
    }
    let on = |arguments: &[&'static str]| [arguments, &["--bootstrap", &bootstrap, "--property"]].concat();
    harness.succeed(&[on(&["topics", "list"]), vec!["client.id=me"]].concat());
    harness.fail(&[on(&["topics", "list"]), vec!["clientid=me"]].concat(), &["did you mean 'client.id'?"]);
    harness.fail(&[on(&["consume", "t"]), vec!["fetch.min.byte=1"]].concat(), &["did you mean 'fetch.min.bytes'?"]);
    harness.fail(&[on(&["consume", "t"]), vec!["group.id=g"]].concat(), &["group.id", "--from"]);
    let committed = [on(&["consume", "t", "--count", "1", "--format", "raw"]), vec!["isolation.level=read_committed"]];
    assert_eq!(harness.succeed(&committed.concat()).len(), 2_000_001);
}

#[test]
fn a_broker_that_is_not_there_is_told_by_each_command_with_the_option_that_names_it() {
    let harness = Harness::without_broker();
    let bootstrap = harness.bootstrap();
    let file = harness.write("lines", "x\n");
    let parts = ["error: ", &bootstrap, "cannot be reached", "name another with --bootstrap"];
    for command in [&["topics", "create", "t"][..], &["produce", "t", file.to_str().unwrap()], &["consume", "t"]] {
        let command = [command, &["--bootstrap", &bootstrap, "--property", "default.api.timeout.ms=1"]].concat();
        harness.fail(&command, &parts);
    }
    // Without a word about patience a person waits so long, and learns at once why.
    harness.fail(
        &["topics", "list", "--bootstrap", &bootstrap],
        &[&["trying again: ", "answered within 2.5s"], &parts[..]].concat(),
    );
    harness.fail(&["topics", "list", "--bootstrap", "nowhere"], &["--bootstrap: 'nowhere' is no broker address"]);
}

#[test]
fn topics_are_made_shown_and_deleted() {
    let harness = Harness::new();
    let bootstrap = harness.bootstrap();
    let on = |arguments: &[&str]| harness.succeed(&[arguments, &["--bootstrap", &bootstrap]].concat());
    harness.create_topic("orders", "3");
    assert_eq!(on(&["topics", "list"]), "orders\n");
    let described = on(&["topics", "describe", "orders"]);
    assert!(described.starts_with("topic orders, id ") && described.contains("partition 2 leader"), "{described}");
    harness.fail(&["topics", "create", "orders", "--bootstrap", &bootstrap], &["orders", "exists"]);
    on(&["topics", "delete", "orders"]);
    assert_eq!(on(&["topics", "list"]), "");
    harness.fail(
        &["topics", "describe", "orders", "--bootstrap", &bootstrap],
        &["'orders' does not exist", "topics create"],
    );
}
