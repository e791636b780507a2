// The decision: chosen first, sent by a second step, because scoring reads a text in the moment it is let through.

/** In the order of the keys 1 to 4. */
const DECISIONS = ["overturn", "redact", "uphold", "escalate"];

/** A decision in plain words. A text about somebody's life is scored by none of them: there the same decisions are about the concern. */
function say(kind, what, item) {
  const about = `decision.${kind}.concern.${what}`;
  return t(item.scorable === false && has(about) ? about : `decision.${kind}.${what}`);
}

/** Why a decision is of no use here; nothing where it is. */
function useless(kind, item, opened) {
  if (kind !== "redact") return null;
  if (item.scorable === false) return t("decide.never_scored");
  return opened && (opened.redacted ?? opened.text) === opened.text ? t("decide.nothing_to_replace") : null;
}

/** Who passes it on, or says that a concern is real, says so in words: the next person has nothing else. */
const needsNotes = (kind, item) => kind === "escalate" || (kind === "uphold" && item.lane === "sensitive");

/** The buttons and, once one is chosen, the notes; `draw` leaves what is typed as it is. */
function decisionPart(place, { item, opened, mine, claim, failed, done }) {
  const id = item().id;
  const notes = h("textarea", {
    id: "notes",
    rows: "5",
    maxlength: "2000",
    "aria-describedby": "notes-help",
    oninput: () => draftOf(id, { notes: notes.value, key: null }),
    onkeydown: (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) send();
      if (event.key === "Escape") choose(null);
    },
  });
  notes.value = draftOf(id).notes;
  const trouble_ = h("div", { class: "failed" });
  let sending = false;

  const may = () => item().state !== "closed" && mine() && draftOf(id).opened;

  function choose(kind) {
    if (kind && (!may() || sending || useless(kind, item(), opened()))) return;
    draftOf(id, { decision: kind, key: null });
    fill(trouble_);
    draw();
    if (!kind) return place.querySelector(".decisions button")?.focus();
    // A phone's keyboard would hide what the decision does.
    (matchMedia("(pointer: coarse)").matches ? document.getElementById("chosen") : notes).focus();
    announce(say(kind, "does", item()));
  }

  async function send() {
    const { decision, key } = draftOf(id);
    if (!decision || sending) return;
    if (needsNotes(decision, item()) && !notes.value.trim()) {
      fill(trouble_, h("p", { class: "error", role: "alert" }, t("decide.notes_missing")));
      return notes.focus();
    }
    sending = true;
    fill(trouble_, h("p", { class: "small", role: "status" }, t("wait")));
    // An answer that was lost is asked for again under the same key: one decision.
    const kept = draftOf(id, { key: key ?? newKey() });
    try {
      if (!mine()) await claim();
      await reviews.decide(id, { decision, ...(kept.notes.trim() && { notes: kept.notes.trim() }) }, kept.key);
      dropDraft(id);
      done(decision);
    } catch (error) {
      fill(trouble_);
      sending = false;
      await failed(error, place, send);
    }
    sending = false;
  }

  /** Notes of an item that is somebody else's by now, to be copied. */
  const left = () =>
    draftOf(id).notes.trim()
      ? note(
          "warn",
          h("h2", {}, t("decide.left")),
          h("p", {}, t("decide.left_help")),
          h("p", { class: "noted", id: "left" }, draftOf(id).notes),
          h(
            "div",
            { class: "actions" },
            button(t("decide.copy"), () => navigator.clipboard.writeText(draftOf(id).notes).then(() => announce(t("decide.copied"))), "slim"),
            button(t("decide.drop"), () => (dropDraft(id), (notes.value = ""), draw()), "slim"),
          ),
        )
      : null;

  function draw() {
    const { decision } = draftOf(id);
    const other = !mine() && holder(item()).by;
    if (item().state === "closed" || other) return fill(place, left());
    if (!may() && !decision && !notes.value) {
      return fill(place, mine() ? card(h("h2", {}, t("decide.title")), h("p", { class: "small" }, t("decide.open_first"))) : null);
    }
    const buttons = DECISIONS.map((kind, n) => {
      const why = useless(kind, item(), opened());
      const one = keyed(String(n + 1), say(kind, "name", item()), () => choose(kind), decision === kind ? "main" : "");
      one.setAttribute("aria-pressed", String(decision === kind));
      one.disabled = Boolean(why);
      return h("li", {}, one, h("p", { class: "small" }, why ?? say(kind, "for", item())));
    });
    const typing = document.activeElement === notes;
    const at = [notes.selectionStart, notes.selectionEnd];
    fill(
      place,
      h(
        "section",
        { class: "card", "aria-labelledby": "decide" },
        h("h2", { id: "decide" }, t("decide.title")),
        may() ? h("ul", { class: "plain decisions" }, buttons) : h("p", {}, t("decide.take_again")),
        decision
          ? h(
              "div",
              { class: "chosen" },
              h("h3", { id: "chosen", tabindex: "-1" }, say(decision, "ask", item())),
              h("p", {}, say(decision, "does", item())),
              decision === "redact" && opened()?.redacted ? [h("h3", {}, t("decide.redacted")), h("p", { class: "words", lang: item().language, dir: "auto" }, opened().redacted)] : null,
              h("div", { class: "field" }, h("label", { for: "notes" }, t(needsNotes(decision, item()) ? "decide.notes_needed" : "decide.notes")), notes, h("p", { class: "small", id: "notes-help" }, t("decide.notes_help"))),
              trouble_,
              h("p", { class: "small" }, t("decide.final")),
              h("div", { class: "actions" }, button(say(decision, "confirm", item()), send, "main"), button(t("decide.back"), () => choose(null))),
            )
          : notes.value
            ? h("p", { class: "small" }, t("decide.kept"))
            : null,
      ),
    );
    if (typing && notes.isConnected) {
      notes.focus({ preventScroll: true });
      notes.setSelectionRange(...at);
    }
  }

  return { draw, choose };
}

/** Contesting a decision: another item, for another person. */
function appealCard(item, view, take) {
  if (!item.decision || item.appealed) return null;
  const notes = h("textarea", { id: "appeal", rows: "4", maxlength: "2000", "aria-describedby": "appeal-help", required: true });
  const failed = h("div", {});
  let key = newKey();
  const send = async (event) => {
    event?.preventDefault();
    if (!notes.value.trim()) {
      fill(failed, h("p", { class: "error", role: "alert" }, t("appeal.missing")));
      return notes.focus();
    }
    try {
      const made = await reviews.appeal(item.id, { notes: notes.value.trim() }, key);
      announce(t("appeal.done"));
      take({ appealed: made.id ?? true });
      document.getElementById("main").querySelector("h1").after(note("good", h("p", { role: "status" }, t("appeal.done"))));
    } catch (error) {
      fill(failed, trouble(error, send));
    }
  };
  return h(
    "details",
    { class: "card" },
    h("summary", {}, t("appeal.title")),
    h("p", {}, t("appeal.help")),
    h(
      "form",
      { onsubmit: send, novalidate: true },
      h("div", { class: "field" }, h("label", { for: "appeal" }, t("appeal.why")), notes, h("p", { class: "small", id: "appeal-help" }, t("decide.notes_help"))),
      failed,
      h("button", { type: "submit", class: "button" }, t("appeal.send")),
    ),
  );
}
