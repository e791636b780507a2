// The decision: chosen first, sent by a second step, because scoring reads a text in the moment it is let through.

/** In the order of the keys 1 to 4. */
const DECISIONS = ["overturn", "redact", "uphold", "escalate"];

/**
 * A decision in plain words. A text about somebody's life is scored by none of them: there the same decisions are about
 * the concern. What is passed on goes to the sensitive lane, and from there nowhere else.
 */
function say(kind, what, item) {
  const about = item.scorable === false ? "concern" : "";
  const keys = [`${kind}.${item.lane}.${what}`, `${kind}.${about}.${what}`, `${kind}.${what}`];
  return t(`decision.${keys.find((key) => has(`decision.${key}`))}`);
}

/** Why a decision is of no use here; nothing where it is. */
function useless(kind, item, opened) {
  if (!["overturn", "redact"].includes(kind)) return null;
  if (item.withdrawn_at) return t("decide.withdrawn");
  if (kind === "overturn") return null;
  if (item.scorable === false) return t("decide.never_scored");
  return opened && opened.text === undefined ? t("item.unreadable") : null;
}

/** Who lets through, passes on, or says that a concern is real, says why: whoever looks later has only that. */
const needsNotes = (kind, item) => kind !== "uphold" || item.lane === "sensitive";

function notesLabel(kind, item) {
  if (!needsNotes(kind, item)) return "decide.notes";
  return ["overturn", "redact"].includes(kind) ? "decide.notes_why" : "decide.notes_needed";
}

/** Reasons that come often when the screening was wrong. */
const OFTEN = ["idiom", "past", "quoted", "other"];

/** The buttons and, once one is chosen, the notes; `draw` leaves what is typed as it is. */
function decisionPart(place, { item, opened, mine, claim, failed, done, signal }) {
  const id = item().id;
  let redacting = null; // { of: the opened words, … } while and after they are shown
  const notes = h("textarea", {
    id: "notes",
    rows: "5",
    maxlength: "2000",
    "aria-describedby": "notes-help",
    oninput: () => note_(notes.value),
    onkeydown: (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) send();
      if (event.key === "Escape") choose(null);
    },
  });
  const note_ = (text) => draftOf(id, { notes: text, key: null });
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
    if (decision === "redact" && !redacting?.any()) {
      fill(trouble_, h("p", { class: "error", role: "alert" }, t(redacting ? "redact.nothing" : "decide.open_first")));
      return document.getElementById("replace")?.focus();
    }
    sending = true;
    fill(trouble_, h("p", { class: "small", role: "status" }, t("wait")));
    // An answer that was lost is asked for again under the same key: one decision.
    const kept = draftOf(id, { key: key ?? newKey() });
    try {
      if (!mine()) await claim();
      const spans = decision === "redact" ? redacting.parts() : [];
      const body = { decision, ...(kept.notes.trim() && { notes: kept.notes.trim() }), ...(spans.length && { spans }) };
      await reviews.decide(item(), body, kept.key);
      dropDraft(id);
      done(decision);
    } catch (error) {
      fill(trouble_);
      sending = false;
      await failed(error, place, send);
      // It was decided by a first try whose answer was lost.
      if (key && item().decided?.by === me() && item().decided.decision === decision) {
        dropDraft(id);
        done(decision);
      }
    }
    sending = false;
  }

  async function copy() {
    try {
      await navigator.clipboard.writeText(draftOf(id).notes);
      announce(t("decide.copied"));
    } catch {
      // Where the browser does not let a page copy, a person still can.
      document.getSelection().selectAllChildren(document.getElementById("left"));
    }
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
            button(t("decide.copy"), copy, "slim"),
            button(t("decide.drop"), () => (dropDraft(id), (notes.value = ""), draw()), "slim"),
          ),
        )
      : null;

  /** A press instead of typing, for who has thirty of them. */
  const often = () =>
    h(
      "div",
      { class: "actions often", role: "group", "aria-label": t("often.title") },
      OFTEN.map((why) =>
        button(
          t(`often.${why}`),
          () => {
            notes.value = `${notes.value.trim()} ${t(`often.${why}`)}.`.trim();
            note_(notes.value);
            notes.focus();
          },
          "slim",
        ),
      ),
    );

  function draw() {
    const { decision } = draftOf(id);
    const words = opened();
    if (words?.text !== undefined && redacting?.of !== words) redacting = { ...redaction(words, item().language, signal), of: words };
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
              decision === "redact" ? (redacting?.node ?? h("p", {}, t("decide.open_first"))) : null,
              h("div", { class: "field" }, h("label", { for: "notes" }, t(notesLabel(decision, item()))), notes, h("p", { class: "small", id: "notes-help" }, t("decide.notes_help")), decision === "overturn" && item().scorable ? often() : null),
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

  return { draw, choose, sending: () => sending };
}

/** Contesting a decision: another item, for another person. A second contest of the same decision is the first. */
function appealCard(item) {
  const notes = h("textarea", { id: "appeal", rows: "4", maxlength: "2000", "aria-describedby": "appeal-help", required: true });
  const failed = h("div", {});
  const send = async (event) => {
    event?.preventDefault();
    if (!notes.value.trim()) {
      fill(failed, h("p", { class: "error", role: "alert" }, t("appeal.missing")));
      return notes.focus();
    }
    try {
      const made = await reviews.appeal(item.id, { notes: notes.value.trim() });
      const told = note("good", h("p", { role: "status" }, t("appeal.done"), " ", link(t("appeal.open"), `#/reviews/${made.id}`)));
      node.replaceWith(told);
      announce(t("appeal.done"));
      told.querySelector("a").focus();
    } catch (error) {
      fill(failed, trouble(error, send));
    }
  };
  const node = h(
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
  return node;
}
