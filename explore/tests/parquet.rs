//! The Parquet file has the rows of the JSON Lines, under the same names, and what belongs to them.
#![cfg(feature = "parquet")]

use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use serde_json::Value;
use splitbrain_explore::{Folder, Pace, Plan, Round, Sweep, merge, play};
use splitbrain_scenarios::Source;
use std::fs::{self, File};
use std::sync::atomic::AtomicBool;

const BASE: &str =
    "[cluster]\nreplicas = 1\n[[clients]]\nname = \"app\"\nworkload = { sadd = 2 }\n[run]\nphase = \"0s..2s\"\n";

const SWEEP: &str = "scenario = \"base.toml\"\nseeds = 20\n[vary]\nquorum = [1, 2]\ntimeout = [\"1s\"]\n\
                     [[failures]]\nname = \"stalls\"\nper-year = 100\nstall = \"master\"\nfor = \"2s\"\n\
                     [[failures]]\nname = \"dies\"\nper-year = 1\nkill = \"master\"\n";

fn as_json(field: &Field) -> Value {
    match field {
        Field::Null => Value::Null,
        Field::Bool(value) => Value::from(*value),
        Field::Long(value) => Value::from(*value),
        Field::Str(value) => Value::from(value.as_str()),
        other => panic!("no column has {other:?}"),
    }
}

#[test]
fn a_parquet_file_has_the_rows_and_their_settings_by_name() {
    let sweep = Sweep::parse(Source::new("sweep.toml", SWEEP), &|name| Ok(Source::new(name, BASE))).unwrap();
    let plan = Plan::new(&sweep, None).unwrap();
    let place = std::env::temp_dir().join(format!("splitbrain-explore-parquet-{}", std::process::id()));
    let _ = fs::remove_dir_all(&place);
    let folder = Folder::open(&place, &plan, false).unwrap();
    let stop = AtomicBool::new(false);
    play(&sweep, &plan, &folder, &Pace { jobs: 2, stop: &stop, progress: &|_, _, _| () }).unwrap();

    let file = place.join("all.parquet");
    let merged = splitbrain_explore::parquet::write(&place, &file).unwrap();
    assert_eq!(merged.digest, merge(&place).unwrap().digest);
    let reader = SerializedFileReader::new(File::open(&file).unwrap()).unwrap();
    let about = reader.metadata().file_metadata().key_value_metadata().unwrap();
    let about = |key: &str| about.iter().find(|it| it.key == key).unwrap().value.clone().unwrap();
    assert_eq!(about("splitbrain.plan"), plan.hash.to_string());
    assert_eq!(about("splitbrain.digest"), merged.digest.to_string());
    assert_eq!(
        (about("splitbrain.from"), about("splitbrain.to")),
        ("0".to_owned(), Round::first(&plan).runs().end.to_string())
    );
    assert_eq!(about("splitbrain.version"), plan.splitbrain);

    let names = splitbrain_explore::folder::files_of(&Round::first(&plan));
    let lines: Vec<Value> = names
        .iter()
        .flat_map(|name| fs::read_to_string(place.join(name)).unwrap().lines().map(str::to_owned).collect::<Vec<_>>())
        .map(|line| serde_json::from_str(&line).unwrap())
        .filter(|line: &Value| line.get("run").is_some())
        .collect();
    let mut rows = reader.get_row_iter(None).unwrap();
    for line in &lines {
        let row: serde_json::Map<String, Value> = rows
            .next()
            .unwrap()
            .unwrap()
            .get_column_iter()
            .map(|(name, field)| (name.clone(), as_json(field)))
            .collect();
        for (key, value) in line.as_object().unwrap() {
            assert_eq!(&row[key], value, "{key} of {line}");
        }
        let point = line["cell"].as_u64().unwrap() as usize;
        let quorum = plan.points[point][0].map_or(Value::Null, |place| Value::from(i64::from(place) + 1));
        let timeout = plan.points[point][1].map_or("(default)", |_| "1s");
        assert_eq!((&row["quorum"], &row["timeout"]), (&quorum, &Value::from(timeout)), "{line}");
        assert_eq!(row["current"], point == plan.current);
        assert_eq!(row["failure_name"], plan.failures[line["failure"].as_u64().unwrap() as usize].name);
        assert_eq!(row["environment"], plan.environments[0]);
    }
    assert!(rows.next().is_none() && lines.len() as u64 == Round::first(&plan).runs().end);

    // What cannot be merged leaves no file, and one that was there stays.
    fs::remove_file(place.join(&names[1])).unwrap();
    let before = fs::read(&file).unwrap();
    splitbrain_explore::parquet::write(&place, &file).unwrap_err();
    assert_eq!(fs::read(&file).unwrap(), before);
    assert_eq!(
        fs::read_dir(&place)
            .unwrap()
            .filter(|it| it.as_ref().unwrap().file_name().as_encoded_bytes()[0] == b'.')
            .count(),
        0
    );
    let _ = fs::remove_dir_all(&place);
}
