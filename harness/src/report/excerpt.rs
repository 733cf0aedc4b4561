//! What the project's README shows: the answers of the newest run of each study, and the table of one run.

use std::fmt::Write;

use crate::definition::study::RunStudy;
use crate::format::folder::Raw;

use super::chapter::{Chapter, chapters};
use super::page::{environment, image, listed, table};
use super::sheet::sheets;
use super::table::{Format, unmarked};
use super::{Section, chart};

/// What the README shows of a run: of its first study the question, the first table and the picture, and where that table is
/// not the whole answer the answer; of the others questions and answers; and the environment.
///
/// # Errors
/// When something cannot be drawn or encoded.
pub fn excerpt(raw: &Raw) -> anyhow::Result<String> {
    let chapters = chapters(raw);
    let folder = format!("results/{}/", raw.name);
    Ok(format!(
        "\n{}\n{}\nEverything: [results/{name}](results/{name}/README.md).\n\n",
        of_chapters(&chapters, &folder)?,
        unmarked(&environment(raw)),
        name = raw.name
    ))
}

fn of_chapters(chapters: &[Chapter], folder: &str) -> anyhow::Result<String> {
    let Some((first, others)) = chapters.split_first() else { return Ok(String::new()) };
    let question = |study: &RunStudy| format!("**{}**\n\n", unmarked(&study.question));
    let mut text = first.study.map(question).unwrap_or_default();
    let is_grouped = first.rankings.iter().any(|ranking| ranking.group.is_some());
    if is_grouped || first.prices.is_some() {
        writeln!(text, "{}", listed(&first.answer).trim_start())?;
    }
    if let Some(prices) = &first.prices {
        write!(text, "{}\n{}\n", prices.table().render(Format::Markdown)?, prices.legend())?;
        if let Some(chart) = chart::of_prices(first)? {
            write!(text, "\n{}\n", image(&chart, folder))?;
        }
    } else if let Some(sheet) = sheets(first).into_iter().next() {
        let section = Section::new(&first.raw, sheet)?;
        text += &table(&section.sheet)?;
        if let Some(chart) = section.main_chart() {
            write!(text, "\n{}\n", image(chart, folder))?;
        }
    }
    for chapter in others {
        let question = chapter.study.map(question).unwrap_or_default();
        write!(text, "\n{}\n{}", question.trim_end(), listed(&chapter.answer))?;
    }
    Ok(text)
}

/// The answers of several studies for a first page, each from the run that is given with its name: a few sentences each, and
/// where they are from. A study that its run cannot answer is left out.
#[must_use]
pub fn answers(runs: &[(String, &Raw)]) -> String {
    let mut text = String::new();
    for (study, raw) in runs {
        let chapters = chapters(raw);
        let named = |chapter: &&Chapter| chapter.study.is_some_and(|own| own.name == *study);
        let Some(chapter) = chapters.iter().find(named) else { continue };
        let question = chapter.study.map(|study| unmarked(&study.question)).unwrap_or_default();
        text += &format!(
            "\n**{question}**\n{}\n[results/{name}](results/{name}/README.md): {date}, {cpu}, {cpus} CPUs, profile \
             `{profile}`.\n",
            listed(&chapter.headline()),
            name = raw.name,
            date = raw.run.began.split('T').next().unwrap_or_default(),
            cpu = unmarked(&raw.machine.cpu),
            cpus = raw.machine.cpus,
            profile = raw.run.profile,
        );
    }
    text + "\n"
}
