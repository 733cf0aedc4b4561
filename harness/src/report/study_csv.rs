//! `prices.csv` and `attribution.csv`: what the words of a study's chapter say, for programs. A run without prices, or without
//! crossed servers, has no such file.

use crate::stats::Estimate;

use super::chapter::Chapter;
use super::effect::Effect;
use super::export::rounded as figure;
use super::pairs::{NOT_COMPARED, rounded as ratio};
use super::price::{Pair, Price, Side};

/// The columns of `prices.csv`.
const COLUMNS: [&str; 23] = [
    "study",
    "group",
    "scenario",
    "load",
    "figure",
    "value",
    "over_value",
    "over_is",
    "server",
    "over",
    "estimate",
    "lo",
    "hi",
    "is_lower_bound",
    "over_estimate",
    "over_lo",
    "over_hi",
    "over_is_lower_bound",
    "ratio",
    "ratio_lo",
    "ratio_hi",
    "p",
    "verdict",
];

/// `prices.csv`: a row for each figure of each pair; absent where no chapter has prices.
///
/// # Errors
/// When it cannot be encoded.
pub(super) fn prices(chapters: &[Chapter]) -> anyhow::Result<Option<String>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(COLUMNS)?;
    let mut is_empty = true;
    for chapter in chapters {
        let study = chapter.study.map(|study| study.name.as_str()).unwrap_or_default();
        for pair in chapter.prices.iter().flat_map(|prices| &prices.pairs) {
            for price in &pair.prices {
                is_empty = false;
                writer.write_record(row(study, pair, price))?;
            }
        }
    }
    if is_empty {
        return Ok(None);
    }
    Ok(Some(String::from_utf8(writer.into_inner()?)?))
}

fn row(study: &str, pair: &Pair, price: &Price) -> Vec<String> {
    let mut row: Vec<String> = vec![
        study.to_owned(),
        pair.group.clone().unwrap_or_default(),
        price.scenario.clone(),
        price.load.clone().unwrap_or_default(),
        price.what.id().to_owned(),
        pair.value.clone(),
        pair.over_value.clone(),
        pair.kind.id().to_owned(),
        pair.server.clone(),
        pair.over.clone(),
    ];
    row.extend(side(price.own));
    row.extend(side(price.over));
    let ends = |estimate: Estimate| [estimate.mean, estimate.lo, estimate.hi];
    let ratios = price.ratio.map(|one| {
        let [mean, lo, hi] = ends(one.estimate).map(|end| format!("{:.4}", ratio(end)));
        [mean, lo, hi, format!("{:.4}", one.p_value), one.verdict.name().to_owned()]
    });
    row.extend(ratios.unwrap_or_else(|| ["", "", "", "", NOT_COMPARED].map(str::to_owned)));
    row
}

fn side(side: Option<Side>) -> [String; 4] {
    let Some(Side { estimate, is_bound }) = side else { return [const { String::new() }; 4] };
    let [mean, lo, hi] =
        [estimate.mean, estimate.lo, estimate.hi].map(|end| format!("{:.3}", figure(end)));
    [mean, lo, hi, is_bound.to_string()]
}

/// `attribution.csv`: a row for each share, and one for each effect; absent where no chapter has them.
///
/// # Errors
/// When it cannot be encoded.
pub(super) fn attribution(chapters: &[Chapter]) -> anyhow::Result<Option<String>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let columns = [
        "study",
        "kind",
        "of",
        "value",
        "over_value",
        "scenario",
        "estimate",
        "lo",
        "hi",
        "typical",
    ];
    writer.write_record(columns)?;
    let mut is_empty = true;
    for chapter in chapters {
        let study = chapter.study.map(|study| study.name.as_str()).unwrap_or_default();
        let Some(attribution) = &chapter.attribution else { continue };
        is_empty = false;
        let decimals = |value: f64| format!("{:.4}", ratio(value));
        for share in &attribution.shares {
            let [mean, lo, hi] = [share.share.mean, share.share.lo, share.share.hi].map(decimals);
            let (name, typical) = (attribution.name(share.factors), decimals(share.typical));
            writer.write_record([study, "share", &name, "", "", "", &mean, &lo, &hi, &typical])?;
        }
        for Effect { axis, value, over, scenario, ratio, .. } in &attribution.effects {
            let [mean, lo, hi] = [ratio.mean, ratio.lo, ratio.hi].map(decimals);
            writer.write_record([
                study, "effect", axis, value, over, scenario, &mean, &lo, &hi, "",
            ])?;
        }
    }
    let text = String::from_utf8(writer.into_inner()?)?;
    Ok((!is_empty).then_some(text))
}
