// What a reviewer wants replaced besides what the policy replaces. The words stay in memory: only their places are sent.

/** Where words stand in a text, in code points, every time they do. */
function placesOf(text, words) {
  const points = Array.from(text);
  const sought = Array.from(words);
  const found = [];
  for (let at = 0; sought.length && at + sought.length <= points.length; at++)
    if (sought.every((point, n) => points[at + n] === point)) {
      found.push({ start: at, end: at + sought.length });
      at += sought.length - 1;
    }
  return found;
}

/** The preview, and a field for further words; selecting words in the text fills it. */
function redaction({ text, redacted = "" }, language, signal) {
  // Without `redacted` the engine came to no end: nothing is shown, because nobody knows what would be replaced.
  const chosen = new Map(); // words → their places
  const field = h("input", {
    type: "text",
    id: "replace",
    autocomplete: "off",
    spellcheck: "false",
    "aria-describedby": "replace-help replace-error",
    onkeydown: (event) => {
      if (event.key !== "Enter" || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      add();
    },
  });
  const error = h("p", { class: "error", id: "replace-error", role: "alert" });
  const list = h("ul", { class: "plain files" });
  const preview = h("p", { class: "words", id: "preview", lang: language, dir: "auto" });

  function draw() {
    fill(
      list,
      [...chosen.keys()].map((words) =>
        h("li", {}, h("span", { dir: "auto" }, words), h("button", { type: "button", class: "button slim", "aria-label": t("redact.keep_words", { words }), onclick: () => (chosen.delete(words), draw(), field.focus()) }, t("redact.keep"))),
      ),
    );
    // As the service will do it, near enough to judge by.
    fill(preview, [...chosen.keys()].reduce((words, one) => words.replaceAll(one, "[REMOVED]"), redacted));
  }

  function add() {
    const words = field.value.trim();
    const places = placesOf(text, words);
    fill(error, !words || places.length ? null : t("redact.not_there"));
    if (!places.length) return field.focus();
    chosen.set(words, places);
    field.value = "";
    draw();
    announce(t("redact.added", { words }));
    field.focus();
  }

  document.addEventListener(
    "selectionchange",
    () => {
      const selection = document.getSelection();
      const inside = document.getElementById("words")?.contains(selection.anchorNode) && field.isConnected;
      if (inside && !selection.isCollapsed) field.value = selection.toString().trim();
    },
    { signal },
  );
  draw();
  const node = h(
    "div",
    {},
    h("h3", {}, t("decide.redacted")),
    preview,
    h("div", { class: "field" }, h("label", { for: "replace" }, t("redact.more")), h("div", { class: "beside" }, field, button(t("redact.add"), add)), error, h("p", { class: "small", id: "replace-help" }, t("redact.help"))),
    list,
  );
  return {
    node,
    parts: () => [...chosen.values()].flat(),
    /** Whether anything would be replaced. */
    any: () => chosen.size > 0 || redacted !== text,
  };
}
