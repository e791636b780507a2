// The model card: what the numbers are, what they rest on, what they are not for.

async function aboutView(query, view) {
  const { taxonomy: terms, figures: needs, languages, engine_version: version } = await taxonomy(view.signal);
  const values = {
    n: LABELLED.texts, version, languages: new Intl.ListFormat(LOCALES[state.lang]).format(languages.map((code) => label("language", code))),
    least: number(needs.persons), well_being: number(needs.persons_well_being), step: number(needs.step), lag: number(needs.lag_days),
  };
  const part = (name, lines) => card(h("h2", {}, t(`about.${name}.title`)), h("ul", {}, lines.map((line) => h("li", {}, t(`about.${name}.${line}`, values)))));
  view.show(
    t("about.title"),
    h("p", { class: "lead" }, t("about.lead")),
    trial() ? note("warn", h("p", {}, h("b", {}, t("trial.title")), " ", t("trial.text", { n: LABELLED.texts }))) : null,
    part("use", ["groups", "not_person", "not_cause"]),
    card(
      h("h2", {}, t("about.measured")),
      h("dl", { class: "terms" }, terms.dimensions.map((one) => [h("dt", {}, one.name[state.lang] ?? one.id), h("dd", {}, one.definition[state.lang])])),
    ),
    part("how", ["rules", "words", "silence", "languages", "version"]),
    part("known", ["labels", "real", "second", "weak"]),
    part("figures", ["persons", "company", "round", "late"]),
    part("rights", ["purpose", "contest", "erase", "recorded"]),
  );
}
