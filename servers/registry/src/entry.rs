//! An entry or a template, as it is written: every field may be left to the template.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::command::SECRETS;
use crate::placeholder::{Unknown, Values, is_word};
use crate::{AXES, Axes, Ceilings, NONE, Program, Role, Server};

/// The fields of an entry or a template.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entry {
    pub(crate) name: Option<String>,
    pub(crate) template: Option<String>,
    role: Option<Role>,
    #[serde(default)]
    axes: Axes,
    answers: Option<Vec<String>>,
    needs: Option<Vec<String>>,
    control_of: Option<String>,
    twin_of: Option<String>,
    ceilings: Option<Ceilings>,
    drives_itself: Option<bool>,
    dockerfile: Option<String>,
    build: Option<Vec<Vec<String>>>,
    version: Option<Vec<String>>,
    run: Option<Vec<String>>,
    #[serde(default)]
    env: BTreeMap<String, String>,
    #[serde(default)]
    needs_program: Vec<Program>,
}

impl Entry {
    /// These fields, and those of `base` where they are left out. Axes and `env` are joined, value by value,
    /// and the programs of both are needed.
    pub(crate) fn over(self, base: Entry) -> Entry {
        let mut env = base.env;
        env.extend(self.env);
        let mut needs_program = base.needs_program;
        needs_program.extend(self.needs_program);
        Entry {
            name: self.name,
            template: self.template.or(base.template),
            role: self.role.or(base.role),
            axes: self.axes.over(base.axes),
            answers: self.answers.or(base.answers),
            needs: self.needs.or(base.needs),
            control_of: self.control_of.or(base.control_of),
            twin_of: self.twin_of.or(base.twin_of),
            ceilings: self.ceilings.or(base.ceilings),
            drives_itself: self.drives_itself.or(base.drives_itself),
            dockerfile: self.dockerfile.or(base.dockerfile),
            build: self.build.or(base.build),
            version: self.version.or(base.version),
            run: self.run.or(base.run),
            env,
            needs_program,
        }
    }

    /// The server of this name, its placeholders filled in and its fields checked.
    pub(crate) fn server(self, name: &str) -> Result<Server, String> {
        if !is_word(name) {
            return Err("a name has lower-case letters, digits and hyphens only".into());
        }
        if let Some(axis) = AXES.iter().find(|axis| !self.axes.has(axis)) {
            return Err(format!("`axes` lacks {axis:?}; write \"{NONE}\" where there is none"));
        }
        let axes = self.axes;
        let values = Values { name, axes: &axes };
        let unknown = |Unknown(word): Unknown| {
            let known: Vec<_> = axes.iter().map(|(axis, _)| format!("{{{axis}}}")).collect();
            format!(
                "there is no placeholder {{{word}}}; there are {{name}} and {}",
                known.join(", ")
            )
        };
        let command = |field: &str, words: &[String]| {
            let words = values.fill_all(words).map_err(unknown)?;
            checked(field, &words)?;
            Ok::<_, String>(words)
        };
        let filled = |text: &str| values.fill(text).map_err(unknown);
        let optional = |text: Option<String>| text.as_deref().map(filled).transpose();

        let build = required("build", self.build)?;
        let ceilings = self.ceilings.unwrap_or_default();
        let twin_of = optional(self.twin_of)?;
        let server = Server {
            name: name.to_owned(),
            role: required("role", self.role)?,
            answers: endpoints(required("answers", self.answers)?)?,
            needs: services(required("needs", self.needs)?)?,
            control_of: optional(self.control_of)?,
            ceilings: Ceilings { http: optional(ceilings.http)?, layer: optional(ceilings.layer)? },
            drives_itself: self.drives_itself.unwrap_or(false),
            dockerfile: filled(&required("dockerfile", self.dockerfile)?)?,
            build: build.iter().map(|step| command("build", step)).collect::<Result<_, _>>()?,
            version: command("version", &required("version", self.version)?)?,
            run: command("run", &required("run", self.run)?)?,
            env: self
                .env
                .iter()
                .map(|(variable, value)| Ok((variable.clone(), filled(value)?)))
                .collect::<Result<_, String>>()?,
            needs_program: self
                .needs_program
                .iter()
                .map(|Program { probe, mend }| {
                    let probe = command("needs_program.probe", probe)?;
                    Ok(Program { probe, mend: filled(mend)? })
                })
                .collect::<Result<_, String>>()?,
            built_apart: twin_of.is_some(),
            twin_of,
            variant_of: None,
            pool_size: None,
            checkout: None,
            axes: axes.clone(),
        };
        checked_as_a_whole(&server)?;
        Ok(server)
    }
}

fn required<T>(field: &str, value: Option<T>) -> Result<T, String> {
    value.ok_or_else(|| format!("`{field}` is missing; write it here or in the template"))
}

/// Endpoints are written as their paths are, without the slash before them.
fn endpoints(answers: Vec<String>) -> Result<Vec<String>, String> {
    let is_endpoint = |answer: &str| answer.split(['/', '.']).all(is_word);
    match answers.iter().find(|answer| !is_endpoint(answer)) {
        Some(answer) => Err(format!(
            "`answers` holds {answer:?}; write an endpoint's path without the slash before it, such as \"demo\""
        )),
        None => each_once("answers", answers),
    }
}

fn services(needs: Vec<String>) -> Result<Vec<String>, String> {
    match needs.iter().find(|need| !is_word(need)) {
        Some(need) => {
            Err(format!("`needs` holds {need:?}; write a service's name, such as \"mysql\""))
        }
        None => each_once("needs", needs),
    }
}

fn each_once(field: &str, words: Vec<String>) -> Result<Vec<String>, String> {
    let mut seen = BTreeSet::new();
    match words.iter().find(|word| !seen.insert(*word)) {
        Some(word) => Err(format!("`{field}` holds {word:?} twice; once is enough")),
        None => Ok(words),
    }
}

fn checked(field: &str, words: &[String]) -> Result<(), String> {
    if words.first().is_none_or(String::is_empty) {
        return Err(format!("`{field}` is an empty command; write the program and its arguments"));
    }
    let shows = |secret: &&&str| words.iter().any(|word| mentions(word, secret));
    match SECRETS.iter().find(shows) {
        Some(secret) => Err(format!(
            "`{field}` has {secret} among its arguments, where every user of the machine can read the password; \
             let the server read it from its environment"
        )),
        None => Ok(()),
    }
}

/// Whether a word has the variable among its text, as `$NAME` or `${NAME…}`.
fn mentions(word: &str, variable: &str) -> bool {
    let in_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    [format!("${variable}"), format!("${{{variable}")].iter().any(|form| {
        word.match_indices(form).any(|(at, form)| !word[at + form.len()..].starts_with(in_name))
    })
}

/// What no single field shows.
fn checked_as_a_whole(server: &Server) -> Result<(), String> {
    if server.answers.is_empty() {
        return Err("`answers` is empty; name the endpoints, such as \"demo\"".into());
    }
    let database = server.axes.get("database");
    if database != NONE && server.database().is_none() {
        return Err(format!(
            "its axis `database` is {database:?}, which `needs` does not hold; add it there, or write \"{NONE}\""
        ));
    }
    Ok(())
}
