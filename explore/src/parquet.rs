//! The rows of a whole plan as one Parquet file: a row per run with typed columns, and its environment, failure and settings by
//! name, so that the file says everything by itself. Written while they are merged, a group of rows at a time.

use crate::folder::hidden;
use crate::merge::{Merged, merge_each};
use crate::plan::Plan;
use crate::row::Row;
use crate::trouble::Trouble;
use parquet::basic::{Compression, LogicalType, Repetition, Type as Physical};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::{Type, TypePtr};
use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::sync::Arc;

/// Rows that are kept in memory.
const GROUP: usize = 1 << 16;

/// A column: its name, and what a row has there. Times in milliseconds.
struct Column {
    name: String,
    of: Of,
}

type Get<T> = Box<dyn Fn(&Row) -> T>;

enum Of {
    Number(Get<i64>),
    Flag(Get<bool>),
    Text(Get<String>),
    /// A number or nothing.
    Setting(Get<Option<i64>>),
}

/// Reads a whole plan as [`merge`](crate::merge::merge) does, and writes its rows into a file, all of them or none.
///
/// # Errors
/// As of `merge`, and if the file cannot be written.
pub fn write(folder: &Path, file: &Path) -> Result<Merged, Trouble> {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let half = file.with_file_name(hidden(&name));
    let merged = File::create(&half).map_err(Trouble::io(file)).and_then(|open| {
        let merged = write_into(folder, &open, file)?;
        open.sync_all().and_then(|()| fs::rename(&half, file)).map_err(Trouble::io(file))?;
        Ok(merged)
    });
    if merged.is_err() {
        let _ = fs::remove_file(&half);
    }
    merged
}

fn write_into(folder: &Path, open: &File, file: &Path) -> Result<Merged, Trouble> {
    let failed = |error: ParquetError| Trouble::Io(file.to_owned(), io::Error::other(error));
    let plan = crate::folder::read_plan(folder)?;
    let columns = columns(&plan);
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_created_by(format!("splitbrain version {}", plan.splitbrain))
        .build();
    let schema = schema(&columns).map_err(failed)?;
    let mut writer = SerializedFileWriter::new(open, schema, Arc::new(properties)).map_err(failed)?;
    let mut rows = Vec::new();
    let merged = merge_each(folder, &mut |row| {
        rows.push(row);
        if rows.len() == GROUP { write_group(&mut writer, &columns, &mut rows).map_err(failed) } else { Ok(()) }
    })?;
    write_group(&mut writer, &columns, &mut rows).map_err(failed)?;
    let about = [
        ("splitbrain.version", plan.splitbrain.clone()),
        ("splitbrain.plan", plan.hash.to_string()),
        ("splitbrain.title", plan.title.clone()),
        ("splitbrain.from", "0".to_owned()),
        ("splitbrain.to", merged.runs().to_string()),
        ("splitbrain.digest", merged.digest.to_string()),
    ];
    for (key, value) in about {
        writer.append_key_value_metadata(KeyValue::new(key.to_owned(), value));
    }
    writer.close().map_err(failed)?;
    Ok(merged)
}

fn columns(plan: &Plan) -> Vec<Column> {
    let column = |name: &str, of: Of| Column { name: name.to_owned(), of };
    let number = |name: &str, of: fn(&Row) -> i64| column(name, Of::Number(Box::new(of)));
    let text = |name: &str, of: Get<String>| column(name, Of::Text(of));
    let (environments, points) = (plan.environments.clone(), plan.points.len());
    let failures: Vec<String> = plan.failures.iter().map(|failure| failure.name.clone()).collect();
    let mut columns = vec![
        number("run", |row| row.run as i64),
        number("cell", |row| row.cell.into()),
        number("index", |row| row.index as i64),
        number("failure", |row| row.failure.into()),
        number("seed", |row| row.seed as i64),
        text("verdict", Box::new(|row| row.verdict.name().to_owned())),
        column("settled", Of::Flag(Box::new(|row| row.settled))),
        column("recovered", Of::Flag(Box::new(|row| row.recovered))),
        number("gap", |row| row.gap),
        number("gap_surviving", |row| row.gap_surviving),
        number("lost", |row| row.lost),
        number("split", |row| row.split),
        number("tried", |row| row.tried),
        number("failovers", |row| row.failovers),
        number("false_failovers", |row| row.false_failovers),
        number("acked", |row| row.acked),
        number("stale", |row| row.stale),
        number("sim", |row| row.sim),
        text("digest", Box::new(|row| row.digest.to_string())),
        text("environment", Box::new(move |row| environments[row.cell as usize / points].clone())),
        text("failure_name", Box::new(move |row| failures[row.failure as usize].clone())),
    ];
    for axis in 0..plan.axes.len() {
        columns.push(Column { name: plan.axes[axis].name.clone(), of: setting(plan, axis) });
    }
    let current = plan.current;
    columns.push(column("current", Of::Flag(Box::new(move |row| row.cell as usize % points == current))));
    columns
}

/// The values of a setting by cell: numbers if all of them are, and nothing where the scenario says nothing.
fn setting(plan: &Plan, axis: usize) -> Of {
    let places = plan.points.iter().map(|point| point[axis]);
    let axis = &plan.axes[axis];
    let shown: Vec<String> = places.map(|place| axis.shown(place).to_owned()).collect();
    let points = shown.len();
    let numbers: Vec<Option<i64>> = shown.iter().map(|value| value.parse().ok()).collect();
    let silent =
        |(value, number): (&String, &Option<i64>)| number.is_some() || axis.own.is_none() && value == "(default)";
    if shown.iter().zip(&numbers).all(silent) {
        Of::Setting(Box::new(move |row| numbers[row.cell as usize % points]))
    } else {
        Of::Text(Box::new(move |row| shown[row.cell as usize % points].clone()))
    }
}

fn schema(columns: &[Column]) -> Result<TypePtr, ParquetError> {
    let field = |column: &Column| {
        let (physical, logical, repetition) = match column.of {
            Of::Number(_) => (Physical::INT64, None, Repetition::REQUIRED),
            Of::Flag(_) => (Physical::BOOLEAN, None, Repetition::REQUIRED),
            Of::Text(_) => (Physical::BYTE_ARRAY, Some(LogicalType::String), Repetition::REQUIRED),
            Of::Setting(_) => (Physical::INT64, None, Repetition::OPTIONAL),
        };
        let builder = Type::primitive_type_builder(&column.name, physical);
        Ok(Arc::new(builder.with_logical_type(logical).with_repetition(repetition).build()?))
    };
    let fields = columns.iter().map(field).collect::<Result<Vec<TypePtr>, ParquetError>>()?;
    Ok(Arc::new(Type::group_type_builder("run").with_fields(fields).build()?))
}

/// Writes the rows that have come together, and empties the list.
fn write_group(
    writer: &mut SerializedFileWriter<&File>,
    columns: &[Column],
    rows: &mut Vec<Row>,
) -> Result<(), ParquetError> {
    if rows.is_empty() {
        return Ok(());
    }
    let mut group = writer.next_row_group()?;
    for column in columns {
        let Some(mut open) = group.next_column()? else { break };
        match &column.of {
            Of::Number(of) => {
                let values: Vec<i64> = rows.iter().map(of).collect();
                open.typed::<Int64Type>().write_batch(&values, None, None)?;
            }
            Of::Flag(of) => {
                let values: Vec<bool> = rows.iter().map(of).collect();
                open.typed::<BoolType>().write_batch(&values, None, None)?;
            }
            Of::Text(of) => {
                let values: Vec<ByteArray> = rows.iter().map(|row| ByteArray::from(of(row).into_bytes())).collect();
                open.typed::<ByteArrayType>().write_batch(&values, None, None)?;
            }
            Of::Setting(of) => {
                let levels: Vec<i16> = rows.iter().map(|row| of(row).is_some().into()).collect();
                let values: Vec<i64> = rows.iter().filter_map(of).collect();
                open.typed::<Int64Type>().write_batch(&values, Some(&levels), None)?;
            }
        }
        open.close()?;
    }
    group.close()?;
    rows.clear();
    Ok(())
}
