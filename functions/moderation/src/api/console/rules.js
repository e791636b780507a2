// How often people overturn what a rule found: how right the rules are on real texts.

/** Below this many decisions a share says nothing. */
const ENOUGH = 20;

async function rulesView(query, view) {
  const { items } = await reviews.rules(view.signal);
  const share = (one) => Number(one.overturn_rate);
  const percent = (one) => number(share(one), { style: "percent" });
  const told = items.filter((one) => one.decided >= ENOUGH).sort((a, b) => share(b) - share(a));
  const few = items.filter((one) => one.decided < ENOUGH).sort((a, b) => b.decided - a.decided);
  const table = (heading, rows, withShare) =>
    card(
      h("h2", {}, t(heading)),
      rows.length
        ? h(
            "div",
            { class: "scroll", tabindex: "0", role: "region", "aria-label": t(heading) },
            h(
              "table",
              {},
              h("thead", {}, h("tr", {}, ["rule", ...(withShare ? ["share"] : []), "overturned", "decided", "held", "category"].map((name) => h("th", { scope: "col" }, t(`rules.${name}`))))),
              h(
                "tbody",
                {},
                rows.map((one) =>
                  h(
                    "tr",
                    {},
                    h("th", { scope: "row" }, h("code", {}, one.rule)),
                    withShare ? h("td", {}, percent(one)) : null,
                    h("td", {}, number(one.overturned)),
                    h("td", {}, number(one.decided)),
                    h("td", {}, number(one.held)),
                    h("td", {}, label("category", one.category)),
                  ),
                ),
              ),
            ),
          )
        : h("p", {}, t("rules.none")),
    );
  view.show(t("rules.title"), h("p", { class: "lead" }, t("rules.lead")), table("rules.told", told, true), table("rules.few", few, false));
}
