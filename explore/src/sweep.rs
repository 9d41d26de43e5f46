//! A sweep file, read: what is varied, where, against which failures, and what has to be kept. What is wrong is told with file,
//! line and column; combinations that no scenario may have are left out, with the reason.

use crate::axis::{self, Axis};
use crate::environments::{self, Keys, One};
use crate::failure::{self, Failure};
use crate::halving;
use crate::promise::{self, Promise};
use crate::spread::{self, Design};
use rayon::prelude::*;
use splitbrain_scenarios::nearest::{nearest, one_of};
use splitbrain_scenarios::reader::{Field, Reader, document};
use splitbrain_scenarios::{Document, Scenario, ScenarioError, Source};
use std::path::{Path, PathBuf};
use toml::{Table, Value};

pub(crate) use splitbrain_scenarios::reader::Read;

/// A point of the grid: a place on each axis, or nowhere, where the scenario's own value stays.
pub type Point = Vec<Option<u32>>;

/// A sweep file that was read and found sound.
#[derive(Clone, Debug)]
pub struct Sweep {
    /// The file.
    pub source: Source,
    /// The scenario it starts from.
    pub base: Source,
    base_table: Table,
    /// What is asked, in one line.
    pub title: String,
    /// Why anybody should care.
    pub why: Option<String>,
    /// Seeds of each cell.
    pub seeds: u64,
    /// What is varied.
    pub axes: Vec<Axis>,
    /// Names of the environments.
    pub environments: Vec<String>,
    environment_keys: Vec<Keys>,
    /// What happens.
    pub failures: Vec<Failure>,
    faults: Vec<Value>,
    /// What has to be kept.
    pub promise: Promise,
    /// Which points are looked at.
    pub design: Design,
    /// In how many rounds.
    pub rounds: u32,
    /// The points, without those that no scenario may have.
    pub points: Vec<Point>,
    /// The point that is the scenario as it stands.
    pub current: usize,
    /// Points that were left out, and why.
    pub left_out: Vec<String>,
}

impl Sweep {
    /// Reads a sweep file and the scenario it names.
    ///
    /// # Errors
    /// If anything in them is wrong, with its position.
    pub fn load(file: &Path) -> Read<Sweep> {
        Sweep::parse(Source::read(file)?, &|name| Source::read(&file.parent().unwrap_or(Path::new("")).join(name)))
    }

    /// "What down-after for my network?": a sweep that is always there, `scenarios/sweeps/my-network.toml`.
    ///
    /// # Errors
    /// Never: a test reads it.
    pub fn of_my_network() -> Read<Sweep> {
        let (sweep, base) = (
            include_str!("../../scenarios/sweeps/my-network.toml"),
            include_str!("../../scenarios/sweeps/usual-cluster.toml"),
        );
        Sweep::parse(Source::new("scenarios/sweeps/my-network.toml", sweep), &|name| Ok(Source::new(name, base)))
    }

    /// Reads a sweep from text. `open` gives the scenario of a name.
    ///
    /// # Errors
    /// If anything in them is wrong, with its position.
    pub fn parse(source: Source, open: &dyn Fn(&str) -> Read<Source>) -> Read<Sweep> {
        let document = document(&source)?;
        let raw = raw_table(&source)?;
        let mut root = Reader::root(&source, &document).titled("a sweep");
        let (title, why) = (root.get("title"), root.get("why"));
        let (scenario, seeds, design) = (root.get("scenario"), root.get("seeds"), root.get("design"));
        let (vary, environments) = (root.get("vary"), root.get("environments"));
        let (failures, promised) = (root.get("failures"), root.get("promise"));
        root.finish(&[])?;

        let Some(scenario) = scenario else {
            return Err(source.error(0..0, "which scenario does this sweep start from?").expected("`scenario`"));
        };
        let base = open(scenario.text()?)?;
        check_base(&scenario, &Scenario::parse(&base)?)?;
        let base_table = raw_table(&base)?;
        let Some(vary) = vary else {
            return Err(source.error(0..0, "which settings are varied?").expected("a section [vary]"));
        };
        let (axes, fields) = axes(&vary, raw.get("vary"), &base_table)?;
        let environments = environments::read(environments.as_ref(), &raw, &base_table, open)?;
        let mut happens = failure::read(failures.as_ref(), &source, &base, &base_table, &raw)?;
        happens.extend(environments.iter().enumerate().flat_map(|(number, its)| {
            its.pauses
                .iter()
                .map(move |(pause, fault)| (Failure { environment: Some(number), ..pause.clone() }, fault.clone()))
        }));
        let (failures, faults): (Vec<Failure>, Vec<Value>) = happens.into_iter().unzip();
        let seeds_field = seeds;
        let seeds = seeds_field.as_ref().map_or(Ok(100), |field| field.count(1, 1_000_000))?.into();
        if let Some(field) = seeds_field.filter(|_| seeds < failures.len() as u64) {
            return Err(field.wrong(format!("a seed for each of the {} failures at least", failures.len())));
        }
        let design_field = design;
        let (design, rounds) = design_field.as_ref().map_or(Ok((Design::Grid, 1)), self::design)?;
        let promise = promise::read(promised.as_ref())?;
        let title = title.map(|field| field.text().map(str::to_owned)).transpose()?;
        let why = why.map(|field| field.text().map(str::to_owned)).transpose()?;
        let name = source.file.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
        let mut sweep = Sweep {
            base,
            base_table,
            title: title.unwrap_or(name),
            why,
            seeds,
            axes,
            environment_keys: environments.iter().map(|its| its.keys.clone()).collect(),
            environments: environments.into_iter().map(|its| its.name).collect(),
            failures,
            faults,
            promise,
            design,
            rounds,
            points: Vec::new(),
            current: 0,
            left_out: Vec::new(),
            source: source.clone(),
        };
        sweep.find_points(&vary, &fields, design_field.as_ref().unwrap_or(&vary))?;
        Ok(sweep)
    }

    /// The same in one other environment: that of the first, with the latency and loss that a file says.
    ///
    /// # Errors
    /// If the file is no measurement.
    pub fn with_network(mut self, file: &Source) -> Read<Sweep> {
        let One { name, keys, .. } = environments::measured(file, &self.environment_keys[0])?;
        (self.environments, self.environment_keys) = (vec![name], vec![keys]);
        let happens = self.failures.into_iter().zip(self.faults);
        (self.failures, self.faults) =
            happens.filter(|(failure, _)| failure.environment.is_none_or(|its| its == 0)).unzip();
        Ok(self)
    }

    /// The same with these points only and the scenario as it stands, in one round.
    #[must_use]
    pub fn only(&self, points: &[usize]) -> Sweep {
        let mut kept: Vec<usize> = points.to_vec();
        kept.push(self.current);
        kept.sort_unstable();
        kept.dedup();
        let current = kept.binary_search(&self.current).unwrap_or(0);
        let points = kept.iter().map(|point| self.points[*point].clone()).collect();
        Sweep { points, current, rounds: 1, ..self.clone() }
    }

    /// Which points there are, which of them is the scenario as it stands (added if it is none of them), and which are none.
    fn find_points(&mut self, vary: &Field<'_>, fields: &[Field<'_>], design: &Field<'_>) -> Read<()> {
        let sizes: Vec<usize> = self.axes.iter().map(|axis| axis.values.len()).collect();
        let Some(points) = spread::points(self.design, &sizes) else {
            let most = format!("at most {} points, or `design = {{ latin-hypercube = 200 }}`", spread::MOST_POINTS);
            return Err(design.key_error("too many combinations").expected(most));
        };
        let points: Vec<Point> = points.into_iter().map(|point| point.into_iter().map(Some).collect()).collect();
        let own: Point = vec![None; self.axes.len()];
        let as_it_is = self.fingerprint(&own).map_err(|error| vary.key_error(reason(&error)))?;
        let looked: Vec<Read<String>> = points.par_iter().map(|point| self.fingerprint(point)).collect();
        let mut current = None;
        let mut fits: Vec<Vec<bool>> = sizes.iter().map(|size| vec![false; *size]).collect();
        let mut wrong: Vec<(Point, String)> = Vec::new();
        for (point, fingerprint) in points.into_iter().zip(looked) {
            match fingerprint {
                Err(error) => wrong.push((point, reason(&error))),
                Ok(fingerprint) => {
                    for (fits, place) in fits.iter_mut().zip(&point) {
                        place.iter().for_each(|place| fits[*place as usize] = true);
                    }
                    if fingerprint == as_it_is {
                        current = Some(self.points.len());
                    }
                    self.points.push(point);
                }
            }
        }
        for (number, fits) in fits.iter().enumerate() {
            let place = fits.iter().position(|fits| !fits);
            let why = |place: usize| wrong.iter().find(|(point, _)| point[number] == Some(place as u32));
            if let Some((place, (_, why))) = place.and_then(|place| Some((place, why(place)?))) {
                let values = fields[number].list()?;
                let message = format!("no scenario may have this value of `{}`: {why}", self.axes[number].name);
                return Err(values[place].error(message));
            }
        }
        self.left_out = wrong.iter().map(|(point, why)| format!("{}: {why}", self.name_of(point))).collect();
        self.current = current.unwrap_or_else(|| {
            self.points.push(own);
            self.points.len() - 1
        });
        Ok(())
    }

    /// `quorum 2, sentinels 3`
    fn name_of(&self, point: &Point) -> String {
        let one = |(axis, place): (&Axis, &Option<u32>)| format!("{} {}", axis.name, axis.shown(*place));
        self.axes.iter().zip(point).map(one).collect::<Vec<_>>().join(", ")
    }

    /// What a point makes of the scenario, whatever its values are called; all failures have to be possible.
    fn fingerprint(&self, point: &Point) -> Read<String> {
        let mut first = None;
        for failure in 0..self.failures.len() {
            let scenario = self.scenario(point, 0, failure)?;
            first.get_or_insert_with(|| format!("{:?}", splitbrain::resolve(&scenario, 0)));
        }
        Ok(first.unwrap_or_default())
    }

    /// All files that it was read from: what another machine needs to play it.
    pub fn files(&self) -> Vec<PathBuf> {
        let folder = self.base.file.parent().unwrap_or(Path::new(""));
        let mut files = vec![self.source.file.clone(), self.base.file.clone()];
        for key in ["cluster.sentinel-conf", "cluster.redis-conf"] {
            let varied = self.axes.iter().filter(|axis| axis.key == key).flat_map(|axis| &axis.raw);
            let names = axis::get(&self.base_table, key).into_iter().chain(varied).filter_map(Value::as_str);
            files.extend(names.map(|name| folder.join(name)));
        }
        files.sort();
        files.dedup();
        files
    }

    /// The scenario file of a point in an environment, with a failure.
    pub fn text(&self, point: &Point, environment: usize, failure: usize) -> String {
        let mut root = self.base_table.clone();
        for (axis, place) in self.axes.iter().zip(point) {
            if let Some(place) = place {
                axis::set(&mut root, &axis.key, &axis.raw[*place as usize]);
            }
        }
        for (key, value) in &self.environment_keys[environment] {
            axis::set(&mut root, key, value);
        }
        root.insert("faults".to_owned(), self.faults[failure].clone());
        Document::of_table(root).text()
    }

    /// That file, read.
    ///
    /// # Errors
    /// If this combination is none that a scenario may have.
    pub fn scenario(&self, point: &Point, environment: usize, failure: usize) -> Read<Scenario> {
        Scenario::parse(&Source::new(self.base.file.clone(), self.text(point, environment, failure)))
    }
}

/// What is wrong, without the place: a place in a text that nobody has written helps nobody.
pub(crate) fn reason(error: &ScenarioError) -> String {
    let bare = ScenarioError { line: 0, file: "".into(), ..error.clone() };
    bare.one_line().trim_start_matches(": ").to_owned()
}

fn raw_table(source: &Source) -> Read<Table> {
    source.text.parse().map_err(|error: toml::de::Error| source.error(error.span().unwrap_or(0..0), error.message()))
}

/// A sweep brings the failures, and looks at what is written.
fn check_base(field: &Field<'_>, base: &Scenario) -> Read<()> {
    let wrong = if !base.faults.is_empty() || base.chaos.is_some() {
        "this scenario has faults of its own: those of a sweep are its [[failures]]"
    } else if !base.apps.is_empty() {
        "this scenario has applications outside, whose part nobody would play"
    } else if !base.clients.iter().any(|client| writes(&client.workload)) {
        "nobody writes in this scenario: nothing could be said of gaps and losses"
    } else {
        return Ok(());
    };
    Err(field.error(wrong))
}

fn writes(workload: &splitbrain::model::client::workload::Workload) -> bool {
    [workload.sadd, workload.set, workload.incr, workload.rpush].iter().any(|rate| rate.0 > 0)
}

/// The settings that are varied, and where each of them stands.
fn axes<'a>(vary: &Field<'a>, raw: Option<&Value>, base: &Table) -> Read<(Vec<Axis>, Vec<Field<'a>>)> {
    let (mut axes, mut fields): (Vec<Axis>, Vec<Field<'a>>) = (Vec::new(), Vec::new());
    let raw = raw.and_then(Value::as_table).cloned().unwrap_or_default();
    below(vary, "", &raw, &mut |field, name, values| {
        let Some(key) = axis::place(name) else {
            let names = axis::names();
            let error = field.key_error(format!("there is no setting `{name}` that could be varied"));
            return Err(match nearest(name, names.iter().copied()) {
                Some(word) => error.did_you_mean(Some(word)),
                None => error
                    .expected("a setting, or a key with its section, like `redis.repl-timeout`")
                    .help(format!("without a section: {}", one_of(&names))),
            });
        };
        if let Some(other) = axes.iter().find(|axis| axis.key == key) {
            return Err(field.key_error(format!("`{}` is varied twice", other.name)));
        }
        let values: Vec<Value> = match values {
            Value::Array(values) if !values.is_empty() => values.clone(),
            _ => return Err(field.wrong("an array with the values to be tried")),
        };
        let shown: Vec<String> = values.iter().map(axis::show).collect();
        for (place, item) in field.list()?.iter().enumerate() {
            if shown[..place].contains(&shown[place]) {
                return Err(item.error(format!("{} stands here twice", shown[place])));
            }
        }
        let own = axis::get(base, &key).map(axis::show);
        axes.push(Axis { name: name.to_owned(), key, values: shown, own, raw: values });
        fields.push(field.clone());
        Ok(())
    })?;
    if axes.is_empty() { Err(vary.key_error("nothing is varied")) } else { Ok((axes, fields)) }
}

/// Every entry of a table and of the tables in it, under its name with dots.
fn below<'a>(
    field: &Field<'a>,
    prefix: &str,
    raw: &Table,
    tell: &mut dyn FnMut(&Field<'a>, &str, &Value) -> Read<()>,
) -> Read<()> {
    for inner in field.table("[vary]")?.rest() {
        let Some(value) = raw.get(inner.key) else { continue };
        let name = format!("{prefix}{}", inner.key);
        match value.as_table() {
            Some(table) => below(&inner, &format!("{name}."), table, tell)?,
            None => tell(&inner, &name, value)?,
        }
    }
    Ok(())
}

/// `"grid"`, or a table: which points, and in how many rounds.
fn design(field: &Field<'_>) -> Read<(Design, u32)> {
    let wrong = || field.wrong("\"grid\", { latin-hypercube = 200 }, { halving = 4 }, or both");
    match field.as_text() {
        Some("grid") => Ok((Design::Grid, 1)),
        None if field.is_table() => {
            let mut table = field.table("`design`")?;
            let (count, rounds) = (table.get("latin-hypercube"), table.get("halving"));
            table.finish(&[])?;
            if count.is_none() && rounds.is_none() {
                return Err(wrong());
            }
            let count = count.map(|count| count.count(1, spread::MOST_POINTS as u32)).transpose()?;
            let rounds = rounds.map_or(Ok(1), |rounds| rounds.count(2, halving::MOST_ROUNDS))?;
            Ok((count.map_or(Design::Grid, Design::LatinHypercube), rounds))
        }
        _ => Err(wrong()),
    }
}
