// The words of a text, with the places that the screening found.

/**
 * The text cut where findings begin and end: `[{ text, of: [numbers of the findings] }]`. Offsets count code points, as
 * the screening does; a string of JavaScript counts UTF-16 units, so one emoji would shift everything after it.
 */
function pieces(text, findings) {
  const points = Array.from(text);
  const within = (at) => Math.min(Math.max(at, 0), points.length);
  const spans = findings
    .map(({ start, end }, n) => ({ n, start: within(start), end: within(end) }))
    .filter(({ start, end }) => start < end);
  const cuts = [...new Set([0, points.length, ...spans.flatMap(({ start, end }) => [start, end])])].sort((a, b) => a - b);
  return cuts.slice(0, -1).map((start, at) => ({
    text: points.slice(start, cuts[at + 1]).join(""),
    of: spans.filter((span) => span.start <= start && start < span.end).map(({ n }) => n),
    first: spans.filter((span) => span.start === start).map(({ n }) => n),
  }));
}

/** What of the text a finding is about; nothing where it is about all of it or about no place. */
function quote(text, { start, end }) {
  const points = Array.from(text);
  const whole = start <= 0 && end >= points.length && points.length > 60;
  return whole || start >= end ? null : points.slice(start, end).join("");
}

/** `Threat: veiled`. */
const foundName = ({ category, grade }) =>
  [label("category", category), grade && grade !== "not_covered" ? label("grade", grade) : null].filter(Boolean).join(": ");

/** The kinds of what was found, each once, as a sentence part. */
const foundNames = (findings) => [...new Set((findings ?? []).map(foundName))].join(" · ") || t("item.nothing_found");

/** The text and, beside it, why: each reason leads to its place. */
function wordsNodes(text, findings, language) {
  const ids = findings.map(newId);
  const placed = findings.map((finding) => quote(text, finding) !== null);
  const marked = findings.map((finding, n) => (placed[n] ? finding : { start: 0, end: 0 }));
  const body = pieces(text, marked).map((piece) => {
    if (!piece.of.length) return piece.text;
    const kinds = [...new Set(piece.of.map((n) => `on-${findings[n].category}`))].join(" ");
    return h(
      "mark",
      {
        class: kinds,
        id: piece.first.length ? ids[piece.first[0]] : null,
        tabindex: piece.first.length ? "-1" : null,
        "data-n": piece.first.length ? piece.first.map((n) => n + 1).join(", ") : null,
      },
      piece.text,
    );
  });
  const to = (n) => {
    const first = marked.findIndex(({ start }, other) => placed[other] && start === marked[n].start);
    const place = document.getElementById(ids[first]);
    place?.scrollIntoView({ block: "center" });
    place?.focus({ preventScroll: true });
  };
  const reasons = findings.map((finding, n) =>
    h(
      "li",
      {},
      h("b", {}, foundName(finding)),
      finding.obfuscated ? [" ", h("span", { class: "tag" }, t("item.obfuscated"))] : null,
      finding.aimed ? [" ", h("span", { class: "tag warn" }, t("item.aimed"))] : null,
      placed[n]
        ? h("button", { type: "button", class: "quote", "aria-label": t("item.to_place", { words: quote(text, finding) }), onclick: () => to(n) }, "“", h("span", { dir: "auto" }, quote(text, finding)), "”")
        : h("p", {}, t("item.whole_text")),
      // The engine's own sentence is English.
      h("p", { lang: "en" }, finding.reason),
      h("p", { class: "small" }, `${t("item.rule")}: `, h("code", {}, finding.rule), finding.score === undefined ? null : ` · ${t("item.sure", { share: number(finding.score / 1000, { style: "percent" }) })}`),
    ),
  );
  return [
    h("div", { class: "words", id: "words", tabindex: "-1", lang: language, dir: "auto" }, body),
    h("h3", {}, t("item.why")),
    reasons.length ? h("ol", { class: "reasons" }, reasons) : h("p", {}, t("item.no_reason")),
  ];
}
