// The words of a text, with the places that a score rests on.

/**
 * The text cut where places begin and end: `[{ text, of: [numbers of the places], first }]`. Offsets count code points;
 * a string of JavaScript counts UTF-16 units, so one emoji would shift everything after it.
 */
function pieces(text, places) {
  const points = Array.from(text);
  const within = (at) => Math.min(Math.max(at, 0), points.length);
  const spans = places.map(({ start, end }, n) => ({ n, start: within(start), end: within(end) })).filter(({ start, end }) => start < end);
  const cuts = [...new Set([0, points.length, ...spans.flatMap(({ start, end }) => [start, end])])].sort((a, b) => a - b);
  return cuts.slice(0, -1).map((start, at) => ({
    text: points.slice(start, cuts[at + 1]).join(""),
    of: spans.filter((span) => span.start <= start && start < span.end).map(({ n }) => n),
    first: spans.filter((span) => span.start === start).map(({ n }) => n),
  }));
}

const sideOf = (polarity) => (polarity === "+" ? "plus" : "minus");

/** The text with its places marked, and below it what each place says. */
function wordsNodes({ text, evidence, language }) {
  const body = pieces(text, evidence).map((piece) => {
    if (!piece.of.length) return piece.text;
    const side = sideOf(evidence[piece.of[0]].polarity);
    return h("mark", { class: side, "data-n": piece.first.length ? piece.first.map((n) => n + 1).join(", ") : null }, piece.text);
  });
  return [h("div", { class: "words", lang: language, dir: "auto" }, body), placesNode(evidence, language)];
}

function placesNode(evidence, language) {
  if (!evidence.length) return [];
  return [
    h("h3", {}, t("outcome.places")),
    h(
      "ol",
      { class: "places" },
      evidence.map((place) =>
        h(
          "li",
          {},
          place.quote === undefined ? null : [h("q", { lang: language, dir: "auto" }, place.quote), " "],
          h("b", {}, t(`side.${sideOf(place.polarity)}`)),
          h("span", { class: "small" }, ` · ${label("cue", place.cue)} · ${t("outcome.rule")} `, h("code", {}, place.rule)),
        ),
      ),
    ),
  ];
}
