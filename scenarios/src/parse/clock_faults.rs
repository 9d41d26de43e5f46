//! Faults of clocks: `clock-step`, `clock-drift`, `clock-freeze`.

use super::names::Names;
use crate::reader::{Field, Read};
use crate::scenario::What;

/// Largest drift in parts per million, either way. Real oscillators are within some 100, NTP slews by 500 at most; clocks
/// of badly supplied virtual machines were seen at several percent.
const DRIFT: i64 = 500_000;

/// `{ of = …, by = "10s" }`; the step may go back.
pub fn step(field: &Field<'_>, names: &Names) -> Read<What> {
    let mut table = field.table("`clock-step`")?;
    let (of, by) = (table.get("of"), table.get("by"));
    table.finish(&[])?;
    let (Some(of), Some(by)) = (of, by) else {
        return Err(field.error("whose clock, and by how much?").expected("`of` and `by`"));
    };
    let step = by.signed_millis()?;
    if step.0 == 0 {
        return Err(by.wrong("a step forward or back"));
    }
    Ok(What::ClockStep(names.targets(&of, false)?, step))
}

/// `{ of = …, ppm = 200 }`; negative if the clock is slow.
pub fn drift(field: &Field<'_>, names: &Names) -> Read<What> {
    let mut table = field.table("`clock-drift`")?;
    let (of, ppm) = (table.get("of"), table.get("ppm"));
    table.finish(&[])?;
    let (Some(of), Some(ppm)) = (of, ppm) else {
        return Err(field.error("whose clock, and how much too fast?").expected("`of` and `ppm`"));
    };
    let rate = ppm.integer(-DRIFT..=DRIFT)?;
    if rate == 0 {
        return Err(ppm.wrong("a clock that is too fast or too slow"));
    }
    Ok(What::ClockDrift(names.targets(&of, false)?, rate as i32))
}

/// `{ of = … }`
pub fn freeze(field: &Field<'_>, names: &Names) -> Read<What> {
    let mut table = field.table("`clock-freeze`")?;
    let of = table.get("of");
    table.finish(&[])?;
    let Some(of) = of else { return Err(field.error("whose clock?").expected("`of`")) };
    Ok(What::ClockFreeze(names.targets(&of, false)?))
}
