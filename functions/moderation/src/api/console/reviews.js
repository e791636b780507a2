// What the page asks of the API, and what it keeps of an item while somebody works on it.

const reviews = {
  async list(query, signal) {
    const page = await api("GET", "moderation/reviews", { query, signal });
    state.queue = page.queue; // the office's hours and whom to reach are told with every list
    return page;
  },
  get: (id, signal) => api("GET", `moderation/reviews/${id}`, { signal }),
  /** The same person claiming again holds it longer. */
  claim: (id) => api("POST", `moderation/reviews/${id}/claim`, { body: {} }),
  release: (id) => api("POST", `moderation/reviews/${id}/release`, { body: {} }),
  /** The words; each opening is recorded. */
  open: (id, signal) => api("POST", `moderation/reviews/${id}/open`, { body: {}, signal }),
  decide: (item, body, key) => api("POST", `moderation/reviews/${item.id}/decision`, { body, key, match: `"${item.version}"` }),
  appeal: (id, body) => api("POST", `moderation/reviews/${id}/appeal`, { body }),
  rules: (signal) => api("GET", "moderation/rules", { signal }),
};

const me = () => claims().sub ?? "";

/** After these the item is not what the page shows. */
const MOVED = ["already_claimed", "not_claimed", "review_closed", "stale", "not_found", "not_opened", "text_withdrawn"];

/** Whether the item is held by somebody, and by whom: a claim whose time has passed counts as given back. */
function holder(item) {
  if (item.state !== "claimed" || new Date(item.claimed_until) <= now()) return { by: null };
  return { by: item.claimed_by, mine: item.claimed_by_me, until: item.claimed_until };
}

// ── Notes that are not sent yet ──────────────────────────────────────────────────────────────────────────────────────
// They outlive a token that ran out, a reload, and a phone that forgets its tabs; not a sign-out, and not the tab. The
// words of the text are not kept.

const DRAFTS = "teei.review-drafts";

/** id → { decision, notes, opened, key }; `key` is under which the decision was sent, if it was. */
const drafts = new Map();

function loadDrafts() {
  drafts.clear();
  try {
    const kept = JSON.parse(sessionStorage.getItem(DRAFTS) ?? "{}");
    if (kept.by === me()) for (const [id, draft] of kept.items) drafts.set(id, draft);
    else sessionStorage.removeItem(DRAFTS); // somebody else's
  } catch {
    sessionStorage.removeItem(DRAFTS);
  }
}

function keepDrafts() {
  if (drafts.size) sessionStorage.setItem(DRAFTS, JSON.stringify({ by: me(), items: [...drafts] }));
  else sessionStorage.removeItem(DRAFTS);
}

function draftOf(id, change) {
  const draft = { decision: null, notes: "", opened: false, key: null, ...drafts.get(id), ...change };
  if (change) {
    drafts.set(id, draft);
    keepDrafts();
  }
  return draft;
}

function dropDraft(id) {
  drafts.delete(id);
  keepDrafts();
}

const unsent = () => [...drafts.values()].filter((draft) => draft.notes.trim());

window.addEventListener("beforeunload", (event) => {
  if (unsent().length) event.preventDefault();
});

// ── Time ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** The server's time: a phone's clock may be wrong, and a lease is the server's. */
const now = () => Date.now() + state.skew;

/** `3 hours`; in Ukrainian `3 год`, which fits into every sentence. */
const unit = (n, name) => {
  const short = state.lang === "uk" || name === "minute" || name === "second";
  return number(n, { style: "unit", unit: name, unitDisplay: short ? "short" : "long" });
};

/** `25 min`, `3 hours`, `12 days`: never more than what is left. */
function length(ms) {
  const minutes = Math.max(0, Math.floor(ms / 60_000));
  if (minutes < 120) return unit(minutes, "minute");
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? unit(hours, "hour") : unit(Math.floor(hours / 24), "day");
}

/** `3 days ago`. */
function ago(time) {
  const minutes = Math.max(0, Math.round((now() - new Date(time)) / 60_000));
  const [n, name] =
    minutes < 120 ? [minutes, "minute"] : minutes < 2880 ? [Math.round(minutes / 60), "hour"] : [Math.round(minutes / 1440), "day"];
  return new Intl.RelativeTimeFormat(state.lang, { numeric: "always" }).format(-n, name);
}

const clock = (time) => new Intl.DateTimeFormat(LOCALES[state.lang], { timeStyle: "short" }).format(new Date(time));

/** The same day: the time; another: the date as well. */
const soon = (time) => (new Date(time).toDateString() === new Date(now()).toDateString() ? clock(time) : when(time));

/** Runs now and every `seconds`, until the view is left. */
function every(view, seconds, act) {
  const timer = setInterval(act, seconds * 1000);
  view.signal.addEventListener("abort", () => clearInterval(timer));
  act();
}

/** When somebody last did something here. */
let active = Date.now();
for (const kind of ["keydown", "pointerdown", "input"])
  window.addEventListener(kind, () => (active = Date.now()), { capture: true, passive: true });

/**
 * Asks again once a minute while the page is looked at, and when it comes back to sight. A page that nobody has touched
 * for a quarter of an hour stops asking: a database that is not asked may sleep.
 */
function watch(view, ask) {
  let last = Date.now();
  const again = (least) => {
    if (view.signal.aborted || document.hidden || !state.token) return;
    if (Date.now() - active > 15 * 60_000 || Date.now() - last < least) return;
    last = Date.now();
    ask();
  };
  const timer = setInterval(() => again(0), 60_000);
  const seen = () => {
    active = Date.now();
    again(20_000);
  };
  const online = () => again(0);
  document.addEventListener("visibilitychange", seen, { signal: view.signal });
  window.addEventListener("online", online, { signal: view.signal });
  view.signal.addEventListener("abort", () => clearInterval(timer));
}
