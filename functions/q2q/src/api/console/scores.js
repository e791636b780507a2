// From a number to the outcomes behind it, from an outcome to its words. For those who may; each opening is recorded.

/** The list one came from, to go back to it. */
let listBefore = "#/outcomes";

async function scoresView(query, view) {
  listBefore = location.hash;
  await taxonomy(view.signal);
  const { dimension, programme, company, from, to } = query;
  const items = h("ul", { class: "plain scores" });
  const more = h("div", { class: "actions" });
  const failed = h("div", {});

  async function load(cursor) {
    fill(more);
    fill(failed);
    try {
      const page = await api("GET", "q2q/scores", { query: { dimension, programme, company, from, to, limit: "20", cursor }, signal: view.signal });
      put(items, page.items.map((item) => scoreRow(item, view)));
      if (!items.children.length) put(items, h("li", {}, t("scores.none")));
      if (page.next) put(more, button(t("scores.more"), () => load(page.next)));
    } catch (error) {
      fill(failed, trouble(error, () => load(cursor)));
    }
  }

  const of = [programme ? label("programme", programme) : t("choose.all_programmes"), /^\d{4}-\d\d-\d\d$/.test(from ?? "") && /^\d{4}-\d\d-\d\d$/.test(to ?? "") ? spanName(quarterOf(from), lastOf(to)) : null];
  view.show(
    t("scores.title", { name: dimensionName(dimension) }),
    h("p", { class: "subject" }, of.filter(Boolean).join(" · ")),
    h("p", { class: "lead" }, t("scores.lead")),
    card(items, failed, more),
    h("p", {}, link(t("scores.back"), hash("outcomes", { programme, company, ...(state.period) }))),
  );
  await load();
}

/** A score without words; a button opens them in their place. */
function scoreRow(item, view) {
  const place = h("div", {});
  const show = button(
    t("scores.open"),
    async () => {
      show.disabled = true;
      fill(place, h("p", { class: "small", role: "status" }, t("wait")));
      try {
        const detail = await api("GET", `q2q/outcomes/${item.id}`, { signal: view.signal });
        const shown = h("div", { tabindex: "-1" }, sentences(detail));
        fill(place, shown);
        show.remove();
        shown.focus({ preventScroll: true });
      } catch (error) {
        show.disabled = false;
        fill(place, trouble(error, () => show.click()));
      }
    },
    "slim",
  );
  return h(
    "li",
    {},
    h("h2", {}, h("a", { href: `#/outcomes/${item.id}` }, t("scores.item", { score: mean(Number(item.score)), at: dateOf(item.occurred_at) }))),
    h("p", {}, factsLine(item)),
    place,
    h("div", { class: "actions" }, show),
  );
}

const factsLine = (item) =>
  [t(`side.${sideOf(item.polarity)}`), t(`sure.${item.confidence}`), label("programme", item.programme), label("language", item.language), item.method === "human" ? t("outcome.by_human") : null, item.mixed ? t("outcome.mixed") : null].filter(Boolean).join(" · ");

/** The words as far as they may be seen, with what they rest on. */
const sentences = (detail) =>
  detail.text === undefined ? [h("p", { class: "nothing" }, t(has(`withheld.${detail.text_withheld}`) ? `withheld.${detail.text_withheld}` : "withheld.other")), placesNode(detail.evidence, detail.language)] : wordsNodes(detail);

// ── One outcome ──────────────────────────────────────────────────────────────────────────────────────────────────────

async function outcomeView({ id }, view) {
  await taxonomy(view.signal);
  let detail = await api("GET", `q2q/outcomes/${id}`, { signal: view.signal });
  const places = { state: h("div", {}), words: h("div", {}), correct: h("div", {}), history: h("div", {}) };
  const name = dimensionName(detail.dimension);

  function draw() {
    const origin = detail.origin;
    const facts = [
      ["score", `${mean(Number(detail.score))}, ${factsLine(detail)}`],
      ["occurred", dateOf(detail.occurred_at)],
      ["author", label("role", detail.author_role)],
      ["kind", label("kind", origin.kind)],
      ["file", origin.file && (origin.line ? t("outcome.file_line", { file: origin.file, line: number(origin.line) }) : origin.file)],
      ["engine", `${detail.engine_version}, ${when(detail.scored_at)}`],
    ].filter(([, text]) => text);
    fill(
      places.state,
      detail.retracted ? note("warn", h("p", {}, t(has(`retracted.${detail.retracted}`) ? `retracted.${detail.retracted}` : "retracted.other"))) : null,
      h("dl", { class: "facts" }, facts.map(([fact, text]) => [h("dt", {}, t(`fact.${fact}`)), h("dd", {}, text)])),
    );
    fill(places.words, card(h("h2", {}, t("outcome.words")), sentences(detail), h("p", { class: "small" }, t("outcome.recorded"))));
    fill(places.correct, mayCorrect() && !detail.retracted ? correctCard(detail, taken) : null);
    const steps = [
      ...detail.corrections.map((one) => [one.at, t("outcome.corrected", { by: one.by, verdict: t(`verdict.${verdictOf(one.verdict)}`), machine: t(`verdict.${verdictOf(one.machine)}`) })]),
      ...detail.earlier.map((one) => [one.replaced_at, t("outcome.was", { score: mean(Number(one.score)), side: t(`side.${sideOf(one.polarity)}`), version: one.engine_version })]),
    ].sort(([a], [b]) => b.localeCompare(a));
    fill(places.history, steps.length ? card(h("h2", {}, t("outcome.history")), h("ul", {}, steps.map(([at, text]) => h("li", {}, `${when(at)}: ${text}`)))) : null);
  }
  function taken(after, text) {
    detail = { ...detail, ...after, text: after.text ?? detail.text, evidence: after.evidence?.[0]?.quote === undefined && after.evidence?.length === detail.evidence.length ? detail.evidence : after.evidence };
    draw();
    announce(text);
    document.querySelector("h1").focus({ preventScroll: true });
  }

  view.show(t("outcome.title", { name }), h("p", { class: "lead" }, t("outcome.lead")), places.state, places.words, places.correct, places.history, h("p", {}, link(t("outcome.back"), listBefore)));
  draw();
}

const mayCorrect = () => ["admin", "coordinator"].includes(role());
const verdictOf = (sign) => ({ "+": "plus", "-": "minus" })[sign] ?? "none";

/** A person's word against the rules'. It counts from then on. */
function correctCard(detail, taken) {
  const verdict = (sign) => {
    const kind = sign === detail.polarity ? "same" : verdictOf(sign);
    return h("li", {}, button(t(`correct.${kind}.name`), () => {
      const key = newKey();
      ask(t(`correct.${kind}.ask`), [t(`correct.${kind}.does`), t("correct.kept")], t(`correct.${kind}.name`), "main", async () => {
        const after = await api("POST", `q2q/outcomes/${detail.id}/correction`, { body: { verdict: sign, revision: detail.revision }, key });
        taken(after, t("correct.done"));
      });
    }));
  };
  return card(h("h2", {}, t("correct.title")), h("p", {}, t("correct.help")), h("ul", { class: "plain verdicts" }, [detail.polarity, detail.polarity === "+" ? "-" : "+", "0"].map(verdict)));
}
