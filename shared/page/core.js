// A page is one module, put together from the files that its console.rs names, in that order.
// Text goes in as text only: nothing here writes HTML.

const LOCALES = { en: "en-GB", nb: "nb-NO", uk: "uk-UA" };
const LANGS = { en: "English", nb: "Norsk", uk: "Українська" };
const V1 = new URL("../", location.href); // …/v1/, whatever stands in front of it

const state = { token: sessionStorage.getItem("teei.token"), lang: firstLanguage(), view: null, after: "", skew: 0 };

function firstLanguage() {
  const kept = localStorage.getItem("teei.lang");
  if (kept in LANGS) return kept;
  for (const wanted of navigator.languages) {
    const short = wanted.toLowerCase().split("-")[0];
    const known = { no: "nb", nn: "nb" }[short] ?? short;
    if (known in LANGS) return known;
  }
  return "en";
}

// ── Words ────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** A text of the chosen language; `n` chooses its plural form, `{name}` is filled in. */
function t(key, values = {}) {
  const at = (texts) => key.split(".").reduce((part, name) => part?.[name], texts);
  let text = at(TEXTS[state.lang]) ?? at(TEXTS.en);
  if (text && typeof text === "object") text = text[new Intl.PluralRules(state.lang).select(values.n)] ?? text.other;
  if (text === undefined) return key;
  return text.replace(/\{(\w+)\}/g, (_, name) =>
    typeof values[name] === "number" ? number(values[name]) : (values[name] ?? ""),
  );
}

/** Whether there is a text of this key. */
const has = (key) => t(key, { n: 1 }) !== key;

/** A stable code in words, or the code itself where there are none. */
const label = (group, code) => (has(`${group}.${code}`) ? t(`${group}.${code}`) : String(code).replaceAll("_", " "));

const number = (n, options) => new Intl.NumberFormat(LOCALES[state.lang], options).format(n);
const when = (time) =>
  new Intl.DateTimeFormat(LOCALES[state.lang], { dateStyle: "medium", timeStyle: "short" }).format(new Date(time));

// ── Elements ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/** An element: `h("p", { class: "note", onclick: f }, "text", child, null)`. */
function h(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  put(node, ...children);
  return node;
}

function put(node, ...children) {
  for (const child of children.flat(9))
    if (child !== null && child !== undefined && child !== false) node.append(child);
  return node;
}

const fill = (node, ...children) => (node.replaceChildren(), put(node, ...children));
const button = (text, onclick, kind = "") => h("button", { type: "button", class: `button ${kind}`, onclick }, text);
const link = (text, href, kind) => h("a", { href, class: kind }, text);
const card = (...children) => h("section", { class: "card" }, ...children);
const note = (kind, ...children) => h("div", { class: `note ${kind}` }, ...children);

let ids = 0;
const newId = () => `e${++ids}`;

/** Tells a screen reader, in a sentence, what changed. */
function announce(text) {
  const live = document.getElementById("live");
  if (live.textContent !== text) live.textContent = text;
}

// ── The API ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/** What an answer of the API says when it is no success. */
class Failure extends Error {
  constructor(problem) {
    super(problem.code);
    this.problem = problem;
  }
}

/** A request; the JSON of the answer. Throws a Failure with the problem, also when there is no answer. */
async function api(method, path, { body, query = {}, key, match, signal } = {}) {
  const url = new URL(path, V1);
  for (const [name, value] of Object.entries(query)) if (value) url.searchParams.set(name, value);
  const headers = { Authorization: `Bearer ${state.token}`, "Accept-Language": state.lang };
  if (body) headers["Content-Type"] = "application/json";
  if (key) headers["Idempotency-Key"] = key;
  if (match !== undefined) headers["If-Match"] = match;
  let answer, content;
  try {
    answer = await fetch(url, { method, headers, body: body && JSON.stringify(body), signal, credentials: "omit" });
    content = await answer.text(); // broken off on the way is no answer
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Failure({ code: "no_answer", retryable: true });
  }
  signal?.throwIfAborted(); // left while the body came: nobody wants it
  const sent = Date.parse(answer.headers.get("Date"));
  if (sent) state.skew = sent - Date.now();
  try {
    content = JSON.parse(content);
  } catch {
    content = null;
  }
  if (answer.ok) return content;
  const retry = Number(answer.headers.get("Retry-After")) || undefined;
  const problem = {
    code: "no_problem",
    retryable: answer.status >= 500 || answer.status === 429,
    ...content,
    // The first of two requests under one key: its answer comes in a moment.
    ...(content?.code === "idempotency_running" && { retryable: true }),
    status: answer.status,
    retry,
  };
  if (problem.status === 401) signOut(problem.code === "expired_token" ? "sign_in.expired" : "sign_in.bad");
  throw new Failure(problem);
}

/** A problem in words: what happened, what to do, whether trying again helps. */
function trouble(error, again) {
  if (!(error instanceof Failure)) {
    if (error.name === "AbortError") return null;
    console.error(error);
  }
  const problem = error.problem ?? { code: "page_fault", retryable: false };
  const known = has(`problem.${problem.code}.what`);
  const fields = (problem.errors ?? []).map(({ pointer, code, detail }) =>
    h("li", {}, has(`field.${code}`) ? t(`field.${code}`) : `${pointer.slice(1)}: ${detail}`),
  );
  return h(
    "div",
    { class: "note bad", role: "alert" },
    h("h2", {}, known ? t(`problem.${problem.code}.what`) : (problem.title ?? t("problem.no_problem.what"))),
    h("p", {}, known ? t(`problem.${problem.code}.do`) : (problem.detail ?? t("problem.no_problem.do"))),
    fields.length ? h("ul", {}, fields) : null,
    h("p", {}, t(problem.retryable ? "problem.retry_helps" : "problem.retry_useless")),
    problem.retryable && again ? button(t("problem.again"), again) : null,
    problem.request_id ? h("p", { class: "small" }, t("problem.request", { id: problem.request_id })) : null,
  );
}

/** A key under which a request may be sent again. */
const newKey = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16)).join("-");

/** The role the token names, to hide what it may not do; the API decides. */
const role = () => claims().role ?? "";

/** What the token says of its bearer; nothing where it cannot be read. */
function claims() {
  try {
    return JSON.parse(atob(state.token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/")));
  } catch {
    return {};
  }
}

// ── Asking ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/** A dialog that says what will happen; the focus goes back to where it was. `act` throws to stay open with the problem. */
function ask(title, will, yes, kind, act) {
  const heading = newId(),
    text = newId();
  const failed = h("div", {});
  const confirm = button(
    yes,
    async () => {
      confirm.disabled = cancel.disabled = true;
      fill(failed);
      try {
        await act();
        dialog.close();
      } catch (error) {
        confirm.disabled = cancel.disabled = false;
        fill(
          failed,
          trouble(error, () => confirm.click()),
        );
        cancel.focus();
      }
    },
    kind,
  );
  const cancel = button(t("ask.cancel"), () => dialog.close());
  const dialog = h(
    "dialog",
    { "aria-labelledby": heading, "aria-describedby": text, onclose: () => dialog.remove() },
    h("h2", { id: heading }, title),
    h("p", {}, t("ask.will")),
    h(
      "ul",
      { id: text },
      will.map((line) => h("li", {}, line)),
    ),
    failed,
    h("div", { class: "actions" }, confirm, cancel),
  );
  document.body.append(dialog);
  dialog.showModal();
  cancel.focus();
}
