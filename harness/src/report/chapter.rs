//! A run's chapters: one a study, with the part of the run that answers its question. Whatever is compared is compared
//! within a chapter.

use std::borrow::Cow;

use crate::definition::Server;
use crate::definition::study::RunStudy;
use crate::format::folder::Raw;
use crate::measure::{Measurement, measurements};

use super::attribution::Attribution;
use super::basis::Basis;
use super::group::groups;
use super::part::part;
use super::price::Prices;
use super::ranking::{Ranking, rankings_against};

/// A study's part of a run, compared and ordered.
#[derive(Clone, Debug)]
pub struct Chapter<'a> {
    /// The study; absent where the run has none, and its one chapter is all of it.
    pub study: Option<&'a RunStudy>,
    /// The part of the run that answers the study's question.
    pub raw: Cow<'a, Raw>,
    /// The part's cells.
    pub measurements: Vec<Measurement>,
    /// The part's rankings, in the order of its cells.
    pub rankings: Vec<Ranking>,
    /// What one value of the compared axis costs over another; absent where whole servers are compared.
    pub prices: Option<Prices>,
    /// What decides the server's CPU time; absent where servers are not crossed.
    pub attribution: Option<Attribution>,
    /// What all that says, a sentence or two each; empty without a study.
    pub answer: Vec<String>,
}

impl Chapter<'_> {
    /// The answer in as few sentences as can stand on a first page: what decides, and what each value costs wherever it was
    /// measured.
    #[must_use]
    pub fn headline(&self) -> Vec<String> {
        let compared = self.study.and_then(|study| study.compare.as_deref());
        match (&self.attribution, &self.prices, compared) {
            (Some(attribution), Some(prices), Some(axis)) => {
                attribution.of_axis(axis).into_iter().chain(prices.headline()).collect()
            }
            (None, Some(prices), _) => prices.headline(),
            (Some(attribution), ..) => attribution.in_words(),
            _ => self.answer.clone(),
        }
    }
}

/// The chapters of a run; ratios are to each study's baseline.
#[must_use]
pub fn chapters(raw: &Raw) -> Vec<Chapter<'_>> {
    chapters_against(raw, None)
}

/// The chapters of a run; ratios are to the server that is named, or to each study's baseline. Studies of which the run has
/// no cell have no chapter.
#[must_use]
pub fn chapters_against<'a>(raw: &'a Raw, baseline: Option<&str>) -> Vec<Chapter<'a>> {
    if raw.run.study.is_empty() {
        let measurements = measurements(raw);
        let basis = Basis::of(raw, baseline);
        let rankings = rankings_against(raw, &measurements, basis);
        let raw = Cow::Borrowed(raw);
        return vec![Chapter {
            study: None,
            raw,
            measurements,
            rankings,
            prices: None,
            attribution: None,
            answer: Vec::new(),
        }];
    }
    let chapters = raw.run.study.iter().map(|study| {
        let part = part(raw, study);
        let measurements = measurements(&part);
        let rankings = rankings_of(study, &part, &measurements, baseline);
        let prices = Prices::of(study, &part, &rankings);
        let attribution = Attribution::of(&part);
        let answer = answer(study, &rankings, prices.as_ref(), attribution.as_ref());
        let (study, raw) = (Some(study), Cow::Owned(part));
        Chapter { study, raw, measurements, rankings, prices, attribution, answer }
    });
    chapters.filter(|chapter| !chapter.rankings.is_empty()).collect()
}

/// What a chapter says, in words: what decides, and then what is best in each ranking; of many small groups only what
/// each pair costs.
fn answer(
    study: &RunStudy,
    rankings: &[Ranking],
    prices: Option<&Prices>,
    attribution: Option<&Attribution>,
) -> Vec<String> {
    let decides = attribution.map(Attribution::in_words).unwrap_or_default();
    let is_sweep = study.compare.as_deref() == Some(Server::POOL_SIZE_AXIS);
    let sentences: Vec<String> = match prices {
        _ if is_sweep => rankings.iter().filter_map(Ranking::knee).collect(),
        Some(prices) => prices.in_words(),
        None => rankings.iter().map(Ranking::answer).collect(),
    };
    decides.into_iter().chain(sentences).collect()
}

fn rankings_of(
    study: &RunStudy,
    part: &Raw,
    measurements: &[Measurement],
    baseline: Option<&str>,
) -> Vec<Ranking> {
    let mut rankings = Vec::new();
    let basis = Basis {
        twins: part,
        asked: baseline,
        baseline: study.baseline.as_deref(),
        compare: study.compare.as_deref(),
    };
    for group in groups(part, study) {
        for mut ranking in rankings_against(&group.part, measurements, basis) {
            ranking.join(study, group.name.clone());
            rankings.push(ranking);
        }
    }
    // One scenario after the other, and not one group after the other. The sort is stable.
    let place = |ranking: &Ranking| {
        part.run.cell.iter().position(|cell| ranking.has(&cell.scenario.name, &cell.load.name))
    };
    rankings.sort_by_key(place);
    rankings
}
