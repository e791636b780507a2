// Keys for who has many to decide. A single key does nothing while somebody types, and all of them can be turned off.

const OFF = "teei.keys-off";
const KEYS = {
  queue: ["n", "j", "k", "u"],
  item: ["c", "o", "j", "k", "1", "2", "3", "4", "r", "q"],
  done: ["n", "q"],
};

let bound = {};

/** From now on these keys of `KEYS[where]` do something, until the view is left. */
function bind(view, where, acts) {
  const mine = (bound = { where, acts });
  view.signal.addEventListener("abort", () => bound === mine && (bound = {}));
}

const keysOn = () => localStorage.getItem(OFF) !== "yes";

/** On the sign of a button; nothing while the keys are off. */
const keySign = (key) => (keysOn() ? h("kbd", { "aria-hidden": "true" }, key.toUpperCase()) : null);
const keyed = (key, text, onclick, kind = "") =>
  h("button", { type: "button", class: `button ${kind}`, onclick, "aria-keyshortcuts": keysOn() ? key : null }, text, keySign(key));

/** The key's Latin letter or digit also on a Cyrillic or a French keyboard. */
function keyOf(event) {
  if (/^[a-z0-9?]$/i.test(event.key)) return event.key.toLowerCase();
  const [, letter] = /^(?:Key|Digit)([A-Z0-9])$/.exec(event.code) ?? [];
  return letter?.toLowerCase();
}

window.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.repeat || event.isComposing || event.defaultPrevented) return;
  if (event.target.closest?.("input, textarea, select, [contenteditable], dialog") || !keysOn() || !state.token) return;
  const key = keyOf(event);
  if (key === "?") {
    event.preventDefault();
    return keysHelp();
  }
  if (!key || !KEYS[bound.where]?.includes(key) || !bound.acts[key]) return;
  event.preventDefault();
  bound.acts[key]();
});

/** Which keys there are, and the way to turn them off. */
function keysHelp() {
  const heading = newId();
  const rows = (where) => [
    h("h3", {}, t(`keys.at.${where}`)),
    h(
      "dl",
      { class: "keys" },
      KEYS[where].map((key) => [h("dt", {}, h("kbd", {}, key.toUpperCase())), h("dd", {}, t(`keys.${where}.${key}`))]),
      where === "item" ? [h("dt", {}, h("kbd", {}, "Ctrl"), " + ", h("kbd", {}, "Enter")), h("dd", {}, t("keys.confirm")), h("dt", {}, h("kbd", {}, "Esc")), h("dd", {}, t("keys.back"))] : null,
    ),
  ];
  const on = h("input", {
    type: "checkbox",
    id: "keys-on",
    checked: keysOn(),
    onchange: () => (on.checked ? localStorage.removeItem(OFF) : localStorage.setItem(OFF, "yes")),
  });
  const close = button(t("keys.close"), () => dialog.close(), "main");
  const dialog = h(
    "dialog",
    { "aria-labelledby": heading, onclose: () => dialog.remove() },
    h("h2", { id: heading }, t("keys.title")),
    h("p", {}, t("keys.help")),
    h("label", { class: "choice", for: "keys-on" }, on, h("span", {}, t("keys.on"))),
    rows("queue"),
    rows("item"),
    h("p", {}, t("keys.this")),
    h("div", { class: "actions" }, close),
  );
  document.body.append(dialog);
  dialog.showModal();
  close.focus();
}
