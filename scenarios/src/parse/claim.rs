//! `[claim]`: what people are told, and what is true of it.

use super::HOMES;
use crate::claim::{Claim, ClaimPart, ClaimVerdict, Figure, Speaks, Statement};
use crate::nearest::nearest;
use crate::reader::{Field, Read, Reader};
use splitbrain_checker::{Metric, Property};

/// Reads `[claim]`: either a whole claim, or a part of another file's.
pub fn read(field: Option<&Field<'_>>) -> Read<Option<Claim>> {
    let Some(field) = field else { return Ok(None) };
    let mut table = field.table("[claim]")?;
    let part_of = table.get("part-of");
    let mut texts = [table.get("says"), table.get("where"), table.get("because"), table.get("instead")];
    let (verdict, recorded) = (table.get("verdict"), table.get("recorded"));
    let (speaks, figures) = (table.get("speaks"), table.get("figures"));
    table.finish(HOMES)?;

    let part = match part_of {
        Some(part) => {
            if let Some(other) = texts.iter().flatten().chain(&verdict).chain(&recorded).next() {
                let error = other.key_error(format!("`{}` has no meaning beside `part-of`", other.key));
                return Err(error.help("the file of the claim itself says it"));
            }
            ClaimPart::Of(said(&part)?)
        }
        None => {
            let [says, source, because, instead] = &mut texts;
            ClaimPart::Whole(Statement {
                says: said(required(says, "says", &table)?)?,
                source: said(required(source, "where", &table)?)?,
                verdict: required(&verdict, "verdict", &table)?.word(ClaimVerdict::ALL)?,
                because: said(required(because, "because", &table)?)?,
                instead: said(required(instead, "instead", &table)?)?,
                recorded: recorded.as_ref().map(said).transpose()?,
            })
        }
    };
    let speaks = required(&speaks, "speaks", &table)?.word(Speaks::ALL)?;
    let figures = figures.map_or(Ok(Vec::new()), |field| self::figures(&field))?;
    Ok(Some(Claim { part, speaks, figures }))
}

fn required<'f, 'a>(field: &'f Option<Field<'a>>, key: &str, table: &Reader<'_>) -> Read<&'f Field<'a>> {
    field.as_ref().ok_or_else(|| {
        table
            .error(format!("a claim needs `{key}`"))
            .expected("`says`, `where`, `verdict`, `because`, `instead`, `speaks`, or `part-of` and `speaks`")
    })
}

/// A text that says something.
fn said(field: &Field<'_>) -> Read<String> {
    match field.text()?.trim() {
        "" => Err(field.wrong("a text that is not empty")),
        text => Ok(text.to_owned()),
    }
}

fn figures(field: &Field<'_>) -> Read<Vec<Figure>> {
    let figure = |(name, at): (&str, Field<'_>)| {
        Figure::from_name(name).ok_or_else(|| {
            let metrics = Metric::ALL.iter().map(|metric| metric.name());
            let names = metrics.chain(Property::ALL.iter().map(|property| property.name()));
            let error = at.error(format!("there is no metric and no property `{name}`"));
            match nearest(name, names) {
                Some(word) => error.did_you_mean(Some(word)),
                None => error.help("`splitbrain list` shows them"),
            }
        })
    };
    field.texts()?.into_iter().map(figure).collect()
}
