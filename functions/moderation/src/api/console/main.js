// What the frame shows: the views, and which of them the address names.

const VIEWS = { queue: queueView, reviews: itemView, find: findView, rules: rulesView };
const DETAILS = { reviews: "queue" };
const LIST = "queue";
const CHECK = ["GET", "moderation/reviews", { query: { limit: "1" } }];
const entries = () => ["queue", "find", "rules"].map((view) => [view, t(`${view}.title`)]);

/** The queue is drawn by `show`; here only what belongs to the person. */
const signedIn = () => loadDrafts();

function address() {
  const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
  const [name, id] = path.split("/");
  if (name === "reviews" && /^[0-9a-f-]{36}$/i.test(id ?? "")) return { name, query: { id } };
  return { name: name in VIEWS && name !== "reviews" ? name : LIST, query: Object.fromEntries(new URLSearchParams(query)) };
}

/** Signing out forgets the notes: said first where there are some. */
function leaving(go) {
  const forget = () => {
    drafts.clear();
    keepDrafts();
    go();
  };
  const n = unsent().length;
  if (n) ask(t("leave.title"), [t("leave.will", { n })], t("frame.sign_out"), "danger main", forget);
  else forget();
}

// ── Without a network ────────────────────────────────────────────────────────────────────────────────────────────────

const offline = h("div", { class: "offline", role: "status" });
document.getElementById("top").after(offline);
function drawOffline() {
  fill(offline, navigator.onLine ? null : h("p", {}, t("offline")));
}
window.addEventListener("offline", drawOffline);
window.addEventListener("online", drawOffline);
drawOffline();

loadDrafts();
show();
